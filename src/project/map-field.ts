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
const freeMaps = new Set(['metadata', 'arguments', 'user_context', 'claims']);
/** Values as such, at any depth: a null in an expected result asserts null. */
const wholeValues = new Set([
  ...['default', 'examples', 'constant'],
  ...['result', 'result_contains', 'result_contains_item', 'result_contains_all'],
]);
/** Maps whose keys are names of the author's. */
const namedMaps = new Set(['profiles', 'projects', 'roles', 'users']);

/** A file without the keys that have no value (`tags:` and nothing behind it): they count as absent. */
export function dropEmptyKeys(field: Field): Field {
  if (field.items !== undefined) return rebuild(field, field.items.map(dropEmptyKeys));
  if (field.entries === undefined) return field;
  const kept = [...field.entries]
    .filter(([key, { data }]) => data !== null || nullIsValue.has(key))
    .map(([key, child]) => [key, dropBelow(key, child)] as const);
  return rebuild(field, new Map(kept));
}

/** Where the keys are names, a name without value stays: it is an empty map, or for the schema to refuse. */
function dropBelow(key: string, child: Field): Field {
  if (wholeValues.has(key)) return child;
  if (freeMaps.has(key) || child.entries === undefined)
    return child.items === undefined ? child : dropEmptyKeys(child);
  if (key === 'users') return mapEntries(child, emptyMap);
  if (key === 'capabilities') return mapEntries(child, emptyText);
  if (key === 'properties') return mapEntries(child, dropEmptyKeys);
  return namedMaps.has(key)
    ? mapEntries(child, (each) => dropEmptyKeys(emptyMap(each)))
    : dropEmptyKeys(child);
}

function mapEntries(field: Field, change: (child: Field) => Field): Field {
  return rebuild(field, new Map([...(field.entries ?? [])].map(([key, child]) => [key, change(child)])));
}

function emptyMap(field: Field): Field {
  return field.data === null ? { ...field, entries: new Map(), data: jsonObject([]) } : field;
}

function emptyText(field: Field): Field {
  return field.data === null ? { ...field, data: '' } : field;
}
