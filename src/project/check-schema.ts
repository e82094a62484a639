import type { Problem } from '../errors.js';
import { didYouMean } from '../lib/did-you-mean.js';
import type { SchemaError } from '../lib/schema.js';
import { dropEmptyContainers, isBare } from './empty-keys.js';
import { entriesOf, jsonObject, type Field } from './field.js';
import { escapePointer, pointerKeys } from './map-field.js';
import { problemOf, problemOfKey, suggestion } from './problems.js';
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
  return { root: coerced, problems: errors.flatMap((error) => describe(coerced, error, errors)) };
}

function describe(root: Field, error: SchemaError, all: readonly SchemaError[]): readonly Problem[] {
  const field = fieldAt(root, error.instancePath);
  if (isUnexpanded(field) || error.schemaPath.includes('/oneOf/')) return [];
  if (error.keyword === 'oneOf' && entriesOf(field).some(([, { data }]) => data === null)) return [];
  if (error.keyword === 'required' && isMisspelt(error, all)) return [];
  if (field.data === null && error.keyword !== 'type' && all.some((other) => isSameType(other, error)))
    return [];
  return [explain(field, error)];
}

const isUnexpanded = (field: Field): boolean =>
  typeof field.data === 'string' &&
  field.data.includes('${') &&
  field.replaced !== true &&
  field.source.expandable;

/** True when a value is of a wrong type, so that nothing else about it matters. */
const isSameType = (other: SchemaError, { instancePath }: SchemaError): boolean =>
  other.keyword === 'type' && other.instancePath === instancePath;

/** True when a missing key is there in a misspelt form, which is reported already. */
function isMisspelt(missing: SchemaError, all: readonly SchemaError[]): boolean {
  return all.some(
    (other) =>
      other.keyword === 'additionalProperties' &&
      other.instancePath === missing.instancePath &&
      didYouMean(String(other.params['additionalProperty']), knownKeys(other)) ===
        missing.params['missingProperty'],
  );
}

function knownKeys(error: SchemaError): readonly string[] {
  return Object.keys((error.parentSchema?.['properties'] ?? {}) as object);
}

function explain(field: Field, error: SchemaError): Problem {
  const { params } = error;
  const name = nameOf(error.instancePath);
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(field, error);
    case 'required':
      return problemOfKey(field, {
        rule: 'missing-key',
        message: `${name} needs the key "${String(params['missingProperty'])}"`,
        remedy: describedProperty(error, String(params['missingProperty'])),
      });
    case 'type':
      return (field.data === null ? problemOfKey : problemOf)(field, {
        rule: 'wrong-type',
        message: `${name} must be ${types(params['type'])}${butIs(field)}`,
        remedy: field.data === null ? valueRemedy(error) : undefined,
      });
    case 'enum':
    case 'const':
      return wrongChoice(field, name, error);
    case 'oneOf':
      return problemOfKey(field, {
        rule: 'exactly-one',
        message: `${name} needs exactly one of ${(error.schema as { required: string[] }[]).flatMap(({ required }) => required).join(', ')}`,
      });
    case 'x-not-available':
      return problemOfKey(field, {
        rule: 'not-available',
        message: `${name} is not available yet: ${String(error.schema)}`,
      });
    case 'x-ignored':
      return problemOfKey(field, {
        severity: 'warning',
        rule: 'ignored-key',
        message: `${name} is ignored: ${String(error.schema)}`,
      });
    default:
      return problemOf(field, {
        rule: 'wrong-value',
        message: `${name}${quoted(field)} ${expectation(error)}`,
      });
  }
}

function unknownKey(parent: Field, error: SchemaError): Problem {
  const key = String(error.params['additionalProperty']);
  const known = knownKeys(error);
  const near = didYouMean(key, known);
  const where = error.instancePath === '' ? '' : ` in ${nameOf(error.instancePath)}`;
  return problemOfKey(parent.entries?.get(key) ?? parent, {
    rule: 'unknown-key',
    message: `Unknown key "${key.slice(0, 100)}"${where}`,
    remedy: cutText(parent, key) ?? suggestion(near) ?? `Known keys: ${known.join(', ')}.`,
  });
}

const textKeys = ['code', 'condition', 'description', 'when', 'where', 'reason'];

/** For a word of a flow map that is the rest of a text: `{code: SELECT 1, bar FROM x}`. */
function cutText(parent: Field, key: string): string | undefined {
  const entries = entriesOf(parent);
  const index = entries.findIndex(([name]) => name === key);
  const field = entries[index]?.[1];
  if (field === undefined || !isBare(field)) return undefined;
  const [before, text] = entries.slice(0, index).findLast(([, child]) => !isBare(child)) ?? [];
  if (before === undefined || text?.style !== 'plain' || !textKeys.includes(before)) return undefined;
  return `A comma ends the text of \`${before}\` here: put all of it in quotes.`;
}

/** What to write for a key without value. */
function valueRemedy({ instancePath, parentSchema, params }: SchemaError): string | undefined {
  const key = (pointerKeys(instancePath).at(-1) ?? '').slice(0, 60);
  if ([params['type']].flat().includes('boolean')) return `Write \`${key}: true\`.`;
  const choices: unknown = parentSchema?.['enum'];
  return Array.isArray(choices) ? `Write one of ${choices.join(', ')}.` : undefined;
}

function wrongChoice(field: Field, name: string, error: SchemaError): Problem {
  const allowed = (
    error.keyword === 'enum' ? error.params['allowedValues'] : [error.params['allowedValue']]
  ) as unknown[];
  const choices = [...new Set(allowed.map(String))];
  const near = typeof field.data === 'string' ? didYouMean(field.data, choices) : undefined;
  return problemOf(field, {
    rule: 'wrong-value',
    message: `${name}${quoted(field)} must be ${choices.length === 1 ? '' : 'one of '}${choices.join(', ')}`,
    remedy: suggestion(near),
  });
}

function expectation(error: SchemaError): string {
  const hint: unknown = error.parentSchema?.['x-hint'];
  if (error.keyword === 'pattern' && typeof hint === 'string') return `must be ${hint}`;
  return error.message ?? 'does not fit';
}

function describedProperty(error: SchemaError, key: string): string | undefined {
  const property = (
    error.parentSchema?.['properties'] as Record<string, { description?: string }> | undefined
  )?.[key];
  return property?.description === undefined ? undefined : `"${key}": ${property.description}`;
}

const articles: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  null: 'null',
};

function types(expected: unknown): string {
  return [expected]
    .flat()
    .map((type) => articles[String(type)] ?? String(type))
    .join(' or ');
}

function butIs({ data }: Field): string {
  if (data === null) return ', but is empty';
  if (Array.isArray(data)) return ', but is a list';
  return `, but is ${articles[typeof data] ?? 'something else'}`;
}

/** The value, where it can be shown: short, from a file without secrets, and as the author wrote it. */
function quoted(field: Field): string {
  const { data, source } = field;
  if (source.confidential || field.replaced === true || typeof data === 'object') return '';
  return ` ${JSON.stringify(data).slice(0, 60)}`;
}

/** `/tool/parameters/0/type` → `tool.parameters[0].type` */
function nameOf(pointer: string): string {
  if (pointer === '') return 'This file';
  const parts = pointerKeys(pointer).map((part) =>
    /^\d+$/.test(part) ? `[${part}]` : `.${part.slice(0, 60)}`,
  );
  return `\`${parts.join('').replace(/^\./, '')}\``;
}

/** The value under a JSON pointer, or the nearest one above it. */
function fieldAt(root: Field, pointer: string): Field {
  let current = root;
  for (const part of pointerKeys(pointer)) {
    current = current.entries?.get(part) ?? current.items?.[Number(part)] ?? current;
  }
  return current;
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
