import { ExecuteLimitError } from '../errors.js';
import { jsonBytes } from '../execute/value-size.js';
import type { Limits } from '../model/endpoint.js';
import type { Json } from '../model/json.js';

type Bounds = Pick<Limits, 'maxRows' | 'maxBytes' | 'maxScanRows' | 'onLimit'>;

function passed(limit: 'max_rows' | 'max_bytes' | 'max_scan_rows'): ExecuteLimitError {
  return new ExecuteLimitError(`The result passes ${limit}; narrow the call or raise the limit`, limit);
}

/**
 * Holds a value that is there as a whole to the limits that SQL rows are held to while they stream: items and bytes count
 * after `keepRow`. Throws `ExecuteLimitError`, or cuts an array with `on_limit: truncate`.
 */
export function limitResult(
  value: Json,
  limits: Bounds,
  keepRow: ((row: Json) => boolean) | undefined,
): { readonly value: Json; readonly truncated: boolean } {
  if (!Array.isArray(value)) {
    if (jsonBytes(value) > limits.maxBytes) throw passed('max_bytes');
    return { value, truncated: false };
  }
  const items = value as readonly Json[];
  const kept: Json[] = [];
  let bytes = 2;
  for (const [scanned, item] of items.entries()) {
    if (scanned >= limits.maxScanRows) throw passed('max_scan_rows');
    if (keepRow && !keepRow(item)) continue;
    bytes += jsonBytes(item) + 1;
    const limit =
      kept.length >= limits.maxRows ? 'max_rows' : bytes > limits.maxBytes ? 'max_bytes' : undefined;
    if (limit !== undefined && limits.onLimit === 'error') throw passed(limit);
    if (limit !== undefined) return { value: kept, truncated: true };
    kept.push(item);
  }
  return { value: kept, truncated: false };
}
