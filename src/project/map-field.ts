import { jsonObject, type Field } from './field.js';

export type FieldPath = readonly string[];

/** Rebuilds a field from changed children; the field itself when nothing changed. */
function rebuild(field: Field, children: ReadonlyMap<string, Field> | readonly Field[]): Field {
  if (Array.isArray(children)) {
    const items = children as readonly Field[];
    if (items.every((item, index) => item === field.items?.[index])) return field;
    const replaced = items.some((item) => item.replaced === true);
    return { ...field, items, data: items.map(({ data }) => data), ...(replaced && { replaced }) };
  }
  const entries = children as ReadonlyMap<string, Field>;
  if (
    entries.size === field.entries?.size &&
    [...entries].every(([key, child]) => child === field.entries?.get(key))
  ) {
    return field;
  }
  const replaced = [...entries.values()].some((child) => child.replaced === true);
  const data = jsonObject([...entries].map(([key, child]) => [key, child.data]));
  return { ...field, entries, data, ...(replaced && { replaced }) };
}

/** A field with every scalar that `change` changes replaced. `path` is the keys above it, list positions as digits. */
export function mapScalars(
  field: Field,
  change: (scalar: Field, path: FieldPath) => Field,
  path: FieldPath = [],
): Field {
  if (field.items !== undefined) {
    return rebuild(
      field,
      field.items.map((item, index) => mapScalars(item, change, [...path, String(index)])),
    );
  }
  if (field.entries === undefined) return change(field, path);
  const entries = [...field.entries].map(
    ([key, child]) => [key, mapScalars(child, change, [...path, key])] as const,
  );
  return rebuild(field, new Map(entries));
}

/** Keys whose null is a value; below the free maps every null is one. */
const nullIsValue = new Set([
  'default',
  'result',
  'result_contains',
  'result_contains_item',
  'value',
  'mask',
  'constant',
]);
const freeMaps = new Set([
  ...['metadata', 'arguments', 'user_context', 'users', 'claims', 'default', 'examples', 'constant'],
  ...['result', 'result_contains', 'result_contains_item', 'result_contains_all'],
]);

/** A file without the keys that have no value (`tags:` and nothing behind it): they count as absent. */
export function dropEmptyKeys(field: Field): Field {
  if (field.items !== undefined) return rebuild(field, field.items.map(dropEmptyKeys));
  if (field.entries === undefined) return field;
  const kept = [...field.entries]
    .filter(([key, { data }]) => data !== null || nullIsValue.has(key))
    .map(([key, child]) => [key, freeMaps.has(key) ? child : dropEmptyKeys(child)] as const);
  return rebuild(field, new Map(kept));
}
