import type { Json } from '../model/json.js';

/** A text that is the same for two values exactly when JSON Schema calls them equal: keys sorted, -0 as 0. */
export function canonicalKey(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonicalKey(item)).join(',')}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, child]) => `${JSON.stringify(key)}:${canonicalKey(child)}`).join(',')}}`;
}

/** True when no two items are equal. */
export function hasUniqueItems(items: readonly Json[]): boolean {
  const seen = new Set<Json>();
  for (const item of items) {
    const key = typeof item === 'object' && item !== null ? canonicalKey(item) : item;
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
  const keys = new Set(values.map(canonicalKey));
  return (value) => keys.has(canonicalKey(value));
}
