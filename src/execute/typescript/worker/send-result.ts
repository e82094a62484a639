import { isContentBlock } from '../../../author/api.js';
import type { Json } from '../../../model/json.js';
import type { WorkerResult } from '../protocol.js';
import { isList, itemsToJson, toBase64, toJson, TooLarge } from './to-json.js';

/** What a lot of a list has at most, unless one item alone is larger: as many rows as DuckDB gives at once, and bytes of JSON. */
const lotRows = 2048;
const lotBytes = 256 * 1024;

/** The lots of a list but the last one, which is its result. An item above `maxBytes` ends it. */
function* lotsOf(values: Iterable<unknown>, maxBytes: number): Generator<readonly Json[], WorkerResult> {
  let items: Json[] = [];
  let bytes = 0;
  try {
    for (const next of itemsToJson(values, maxBytes)) {
      if (items.length === lotRows || (items.length > 0 && bytes + next.bytes > lotBytes)) {
        yield items;
        items = [];
        bytes = 0;
      }
      items.push(next.item);
      bytes += next.bytes;
    }
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    return { form: 'value', value: items, cut: true };
  }
  return { form: 'value', value: items, cut: false };
}

async function sendList(
  values: Iterable<unknown>,
  maxBytes: number,
  send: (items: readonly Json[]) => Promise<Json>,
): Promise<WorkerResult> {
  const lots = lotsOf(values, maxBytes);
  for (let lot = lots.next(); ; lot = lots.next()) {
    if (lot.done === true) return lot.value;
    if ((await send(lot.value)) !== true) return { form: 'value', value: [], cut: false };
  }
}

/**
 * What a body returned, as it goes with the end of the call. Of a list, lots that do not fit go before it: each is made when
 * `send` says of the one before that it was taken and that more is wanted. Throws as `toJson` does, and what `send` throws.
 */
export async function sendResult(
  value: unknown,
  maxBytes: number,
  send: (items: readonly Json[]) => Promise<Json>,
): Promise<WorkerResult> {
  const blocks: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (blocks.length > 0 && blocks.every(isContentBlock)) {
    return { form: 'content', value: toJson(blocks, maxBytes) as readonly Json[] };
  }
  const base64 = toBase64(value, maxBytes);
  if (base64 !== undefined) return { form: 'blob', value: base64 };
  if (isList(value)) return sendList(value, maxBytes, send);
  return { form: 'value', value: toJson(value, maxBytes), cut: false };
}
