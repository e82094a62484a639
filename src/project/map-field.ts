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

/** Without the keys of maps, and with the stand-ins for values, that `change` says. A value is named by its JSON pointer. */
export function replaceEmpty(
  field: Field,
  change: (empty: Field, pointer: string) => Field | undefined,
  pointer = '',
): Field {
  if (field.items !== undefined) {
    return rebuild(
      field,
      field.items.map((item, index) => replaceEmpty(item, change, `${pointer}/${index}`)),
    );
  }
  if (field.entries === undefined) return field;
  const kept = [...field.entries].flatMap(([key, child]): [string, Field][] => {
    const below = `${pointer}/${escapePointer(key)}`;
    const changed = child.data === null ? change(child, below) : replaceEmpty(child, change, below);
    return changed === undefined ? [] : [[key, changed]];
  });
  return rebuild(field, new Map(kept));
}

/** A key as a segment of a JSON pointer (RFC 6901). */
export function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** The keys of a JSON pointer. */
export function pointerKeys(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}
