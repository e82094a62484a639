import { DuckDBBlobVector, DuckDBVarCharVector, type DuckDBVector } from '@duckdb/node-api';
import type { Json } from '../model/json.js';

/** UTF-8 bytes of a value's JSON, before escapes. */
export function jsonBytes(value: Json): number {
  switch (typeof value) {
    case 'string':
      return (value.length < 8 ? value.length : Buffer.byteLength(value)) + 2;
    case 'number':
      return value >= 0 && value < 100_000 ? 5 : 12;
    case 'boolean':
      return 5;
    default:
      return containerBytes(value);
  }
}

function containerBytes(value: Exclude<Json, string | number | boolean>): number {
  if (value === null) return 4;
  let bytes = 2;
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) bytes += jsonBytes(item) + 1;
    return bytes;
  }
  for (const [name, item] of Object.entries(value)) bytes += Buffer.byteLength(name) + 4 + jsonBytes(item);
  return bytes;
}

/**
 * Tells whether the text or blob at an index has more than `maxBytes` bytes without reading it, so that one huge value is
 * refused before it is copied to the heap. DuckDB's `string_t` begins with its length, and the client keeps the raw
 * entries in `dataView`; the slot of a NULL may hold anything. Undefined for columns of other types.
 */
export function oversized(vector: DuckDBVector, maxBytes: number): ((index: number) => boolean) | undefined {
  if (!(vector instanceof DuckDBVarCharVector) && !(vector instanceof DuckDBBlobVector)) return undefined;
  const view: unknown = Reflect.get(vector, 'dataView');
  const validity: unknown = Reflect.get(vector, 'validity');
  if (!(view instanceof DataView) || !(validity instanceof Object)) return undefined;
  const isValid: unknown = Reflect.get(validity, 'itemValid');
  if (typeof isValid !== 'function') return undefined;
  return (index) =>
    view.getUint32(index * 16, true) > maxBytes && Reflect.apply(isValid, validity, [index]) === true;
}
