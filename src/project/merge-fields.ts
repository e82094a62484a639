import { jsonObject, type Field } from './field.js';

/** Two sections as one, key by key: where both have a map, their keys; anything else is that of `strong` (spec page 02). */
export function mergeFields(strong: Field | undefined, weak: Field | undefined): Field | undefined {
  if (strong === undefined || strong.data === null) return weak;
  if (weak?.entries === undefined || strong.entries === undefined) return strong;
  const entries = new Map(weak.entries);
  for (const [key, child] of strong.entries) {
    const merged = mergeFields(child, weak.entries.get(key));
    if (merged !== undefined) entries.set(key, merged);
  }
  const data = jsonObject([...entries].map(([key, child]) => [key, child.data]));
  return { ...strong, entries, data };
}
