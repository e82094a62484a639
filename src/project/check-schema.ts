import type { Problem } from '../errors.js';
import type { SchemaError } from '../lib/schema.js';
import { dropEmptyContainers } from './empty-keys.js';
import { entriesOf, jsonObject, type Field } from './field.js';
import { escapePointer } from './map-field.js';
import { schemaProblems } from './schema-problems.js';
import { fileValidator, type FileKind } from './schemas.js';

export interface SchemaCheck {
  /**
   * The file without empty lists and maps (`tags:`), and with numbers and booleans that came as text out of `${…}` turned
   * into what they stand for.
   */
  readonly root: Field;
  readonly problems: readonly Problem[];
}

/**
 * Checks a file against the published schema of its kind and says everything that is wrong, located. Values with an
 * unexpanded `${…}` (of profiles that are not in use) are taken on trust.
 */
export function checkSchema(kind: FileKind, file: Field): SchemaCheck {
  const validate = fileValidator(kind);
  validate(file.data);
  const filled = dropEmptyContainers(file, validate.errors ?? []);
  if (filled !== file) validate(filled.data);
  const coerced = coerceReplaced(filled, validate.errors ?? []);
  if (coerced !== filled) validate(coerced.data);
  const errors = (validate.errors ?? []).filter(({ keyword }) => keyword !== 'if');
  return { root: coerced, problems: schemaProblems(coerced, errors) };
}

/** Texts that came out of `${…}` where a number or boolean is wanted become one, if they look like one. */
function coerceReplaced(root: Field, errors: readonly SchemaError[]): Field {
  const wanted = new Map(
    errors
      .filter(({ keyword }) => keyword === 'type' || keyword === 'enum')
      .map((error) => [error.instancePath, error]),
  );
  if (wanted.size === 0) return root;
  const visit = (field: Field, pointer: string): Field => {
    if (field.replaced !== true) return field;
    const error = wanted.get(pointer);
    if (error !== undefined && typeof field.data === 'string')
      return { ...field, data: coerce(field.data, error) };
    if (field.items !== undefined) {
      const items = field.items.map((item, index) => visit(item, `${pointer}/${index}`));
      return { ...field, items, data: items.map(({ data }) => data) };
    }
    if (field.entries === undefined) return field;
    const entries = new Map(
      [...field.entries].map(([key, child]) => [key, visit(child, `${pointer}/${escapePointer(key)}`)]),
    );
    return {
      ...field,
      entries,
      data: jsonObject(entriesOf({ ...field, entries }).map(([key, { data }]) => [key, data])),
    };
  };
  return visit(root, '');
}

function coerce(text: string, error: SchemaError): string | number | boolean {
  const allowed = [error.parentSchema?.['type'] ?? []].flat() as string[];
  if (allowed.includes('boolean') && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  const numeric =
    /^-?\d+(\.\d+)?$/.test(text) &&
    (allowed.includes('number') || (allowed.includes('integer') && !text.includes('.')));
  return numeric ? Number(text) : text;
}
