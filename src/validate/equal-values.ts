import { canonicalJson } from '../lib/canonical-json.js';
import type { Json } from '../model/json.js';

/** True when no two items are equal. */
export function hasUniqueItems(items: readonly Json[]): boolean {
  const seen = new Set<Json>();
  for (const item of items) {
    const key = typeof item === 'object' && item !== null ? canonicalJson(item) : item;
    const tagged = typeof key === 'string' ? `${typeof item}:${key}` : key;
    if (seen.has(tagged)) return false;
    seen.add(tagged);
  }
  return true;
}

/** A membership test for the values of an `enum`. */
export function compileEnum(values: readonly Json[]): (value: Json) => boolean {
  const simple = values.every((value) => typeof value !== 'object' || value === null);
  if (simple) {
    const set = new Set<Json>(values);
    return (value) => set.has(value);
  }
  const keys = new Set(values.map(canonicalJson));
  return (value) => keys.has(canonicalJson(value));
}
