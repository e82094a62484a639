import type { Json } from '../../../model/json.js';
import { maxValues } from '../protocol.js';

/** A value that JSON cannot say. The message says where and what kind of value, never its content. */
export class NotJson extends Error {}

/** A value that is larger than what may travel. */
export class TooLarge extends Error {}

/** Levels of nesting that a value may have. */
const maxDepth = 100;

/** What no Unicode text has. */
const loneSurrogate = /\p{Surrogate}/gu;

interface Walk {
  /** Objects above the one that is looked at. */
  readonly above: Set<object>;
  bytesLeft: number;
  valuesLeft: number;
}

/**
 * A value of a body as JSON: BigInt as an integer (outside ±(2^53-1) its digits), NaN and ±Infinity null, Date in ISO 8601, bytes
 * in base64, other typed arrays, Set and arrays as arrays, Map with text keys and everything with own properties as
 * objects (`toJSON` is asked first), `undefined` as absent or null. Throws `NotJson` for functions, symbols, promises and
 * cycles, `TooLarge` above `maxBytes` or `maxValues`, and what a getter or a proxy throws.
 */
export function toJson(value: unknown, maxBytes: number, name = 'the result'): Json {
  return convert(value, name, { above: new Set(), bytesLeft: maxBytes, valuesLeft: maxValues });
}

/** The items of a list, one by one, as `toJson` gives them: with its bytes, of which each may have `maxBytes`. */
export function* itemsToJson(
  values: Iterable<unknown>,
  maxBytes: number,
): Generator<{ readonly item: Json; readonly bytes: number }> {
  const above = new Set<object>([values]);
  let index = 0;
  for (const value of values) {
    const walk: Walk = { above, bytesLeft: maxBytes, valuesLeft: maxValues };
    const item = convert(value, `the result[${index}]`, walk);
    yield { item, bytes: maxBytes - walk.bytesLeft };
    index += 1;
  }
}

function convert(value: unknown, path: string, walk: Walk): Json {
  walk.valuesLeft -= 1;
  if (walk.valuesLeft < 0) throw new TooLarge('The result has too many values');
  switch (typeof value) {
    case 'undefined':
      return null;
    case 'boolean':
      return spend(walk, 5, value);
    case 'number':
      return spend(walk, 8, Number.isFinite(value) ? value : null);
    case 'string':
      return text(value, walk);
    case 'bigint':
      return bigint(value, walk);
    case 'object':
      return value === null ? spend(walk, 4, null) : object(value, path, walk);
    default:
      throw new NotJson(`${path} is a ${typeof value}`);
  }
}

function spend<T extends Json>(walk: Walk, bytes: number, value: T): T {
  walk.bytesLeft -= bytes;
  if (walk.bytesLeft < 0) throw new TooLarge('The result is too large');
  return value;
}

function text(value: string, walk: Walk): string {
  return spend(walk, value.length + 2, value.replaceAll(loneSurrogate, '\uFFFD'));
}

function bigint(value: bigint, walk: Walk): Json {
  const number = Number(value);
  return Number.isSafeInteger(number) ? spend(walk, 8, number) : text(value.toString(), walk);
}

function bytesOf(value: object): Buffer | undefined {
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  if (!ArrayBuffer.isView(value)) return undefined;
  const isBytes =
    value instanceof Uint8Array || value instanceof Uint8ClampedArray || value instanceof DataView;
  return isBytes ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : undefined;
}

/** The base64 text of bytes; undefined for any other value. */
export function toBase64(value: unknown, maxBytes: number): string | undefined {
  const bytes = typeof value === 'object' && value !== null ? bytesOf(value) : undefined;
  if (bytes === undefined) return undefined;
  if (bytes.length * 4 > maxBytes * 3) throw new TooLarge('The result is too large');
  return bytes.toString('base64');
}

function object(value: object, path: string, walk: Walk): Json {
  const bytes = bytesOf(value);
  if (bytes !== undefined) {
    spend(walk, Math.ceil((bytes.length * 4) / 3) + 2, null);
    return bytes.toString('base64');
  }
  if (walk.above.has(value)) throw new NotJson(`${path} contains itself`);
  if (walk.above.size >= maxDepth) throw new NotJson(`it is nested deeper than ${maxDepth} levels`);
  walk.above.add(value);
  try {
    return members(value, path, walk);
  } finally {
    walk.above.delete(value);
  }
}

function members(value: object, path: string, walk: Walk): Json {
  if (value instanceof Promise) throw new NotJson(`${path} is a promise: await it`);
  if (value instanceof Date) return date(value, path, walk);
  if (isList(value)) return list(value, path, walk);
  if (value instanceof Map) return entries(value, path, walk);
  if (value instanceof Error) throw new NotJson(`${path} is an error: throw it`);
  const custom: unknown = Reflect.get(value, 'toJSON');
  if (typeof custom === 'function') return convert(Reflect.apply(custom, value, []), path, walk);
  return entries(Object.entries(value), path, walk);
}

function date(value: Date, path: string, walk: Walk): Json {
  if (Number.isNaN(value.getTime())) throw new NotJson(`${path} is an invalid date`);
  return spend(walk, 26, value.toISOString());
}

/** A value that is an array as JSON. Bytes are none, but are asked for before. */
export function isList(value: unknown): value is Iterable<unknown> & object {
  if (Array.isArray(value) || value instanceof Set) return true;
  return ArrayBuffer.isView(value) && Symbol.iterator in value;
}

function list(values: Iterable<unknown>, path: string, walk: Walk): Json {
  const items: Json[] = [];
  for (const value of values) {
    spend(walk, 1, null);
    items.push(convert(value, `${path}[${items.length}]`, walk));
  }
  return items;
}

function entries(pairs: Iterable<readonly [unknown, unknown]>, path: string, walk: Walk): Json {
  const members = Object.create(null) as Record<string, Json>;
  for (const [key, value] of pairs) {
    if (typeof key !== 'string') throw new NotJson(`${path} is a Map with keys that are no texts`);
    if (value === undefined) continue;
    members[text(key, walk)] = convert(value, `${path}.${key.slice(0, 60)}`, walk);
  }
  return members;
}
