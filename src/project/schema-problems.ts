import type { Problem } from '../errors.js';
import { didYouMean } from '../lib/did-you-mean.js';
import type { SchemaError } from '../lib/schema.js';
import { isBare } from './empty-keys.js';
import { entriesOf, type Field } from './field.js';
import { pointerKeys } from './map-field.js';
import { otherType, otherWord, profilePlace } from './other-words.js';
import { problemOf, problemOfKey, suggestion } from './problems.js';
import { hasPassword, isSecretKey } from './secret-text.js';

/** What the errors of a schema mean to the author of the file, located: each mistake is told once. */
export function schemaProblems(root: Field, errors: readonly SchemaError[]): readonly Problem[] {
  const byPlace = new Map<string, SchemaError[]>();
  for (const error of errors) {
    const sharing = byPlace.get(error.instancePath);
    if (sharing === undefined) byPlace.set(error.instancePath, [error]);
    else sharing.push(error);
  }
  return [...byPlace].flatMap(([pointer, found]) => problemsAt(fieldAt(root, pointer), found));
}

/** The problems of one value. */
function problemsAt(field: Field, errors: readonly SchemaError[]): readonly Problem[] {
  if (isUnexpanded(field)) return [];
  const nameless = errors.find((error) => isMapOfNames(field, error));
  if (nameless !== undefined) return [listWanted(field, nameless)];
  const isMistyped = errors.some(({ keyword }) => keyword === 'type');
  return errors
    .filter(
      ({ keyword, schemaPath }) =>
        !schemaPath.includes('/oneOf/') &&
        !(keyword === 'oneOf' && entriesOf(field).some(([, { data }]) => data === null)) &&
        !(field.data === null && keyword !== 'type' && isMistyped),
    )
    .filter((error) => error.keyword !== 'required' || !isMisspelt(error, errors))
    .map((error) => explain(field, error));
}

const isUnexpanded = (field: Field): boolean =>
  typeof field.data === 'string' &&
  field.data.includes('${') &&
  field.replaced !== true &&
  field.source.expandable;

/** True when a missing key is there in a misspelt form, which is reported already. */
function isMisspelt(missing: SchemaError, errors: readonly SchemaError[]): boolean {
  return errors.some(
    (other) =>
      other.keyword === 'additionalProperties' &&
      didYouMean(String(other.params['additionalProperty']), knownKeys(other)) ===
        missing.params['missingProperty'],
  );
}

/** `parameters: {region: {type: string}}`: the names are keys, where a list of maps with a `name` is wanted. */
function isMapOfNames(field: Field, error: SchemaError): boolean {
  if (error.keyword !== 'required' || error.params['missingProperty'] !== 'name') return false;
  const known = knownKeys(error);
  const children = entriesOf(field);
  return (
    children.length > 0 &&
    children.every(([key, { entries }]) => entries !== undefined && !known.includes(key))
  );
}

function listWanted(field: Field, { instancePath }: SchemaError): Problem {
  const [first = 'x'] = field.entries?.keys() ?? [];
  return problemOfKey(field, {
    rule: 'wrong-type',
    message: `${nameOf(instancePath)} must be a list, but is a map of names`,
    remedy: `Begin each entry with a dash: \`- name: ${first.slice(0, 60)}\`.`,
  });
}

function knownKeys(error: SchemaError): readonly string[] {
  return Object.keys((error.parentSchema?.['properties'] ?? {}) as object);
}

function explain(field: Field, error: SchemaError): Problem {
  const { params } = error;
  const name = isConfidential(field) ? 'A word without a value' : nameOf(error.instancePath);
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
        message: `${name} must be ${expectedType(error)}${butIs(field)}`,
        remedy: field.data === null ? valueRemedy(field, error) : undefined,
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
        message: `${name}${quoted(field, error)} ${expectation(error)}`,
      });
  }
}

function unknownKey(parent: Field, error: SchemaError): Problem {
  const key = String(error.params['additionalProperty']);
  const known = knownKeys(error);
  const where = error.instancePath === '' ? '' : ` in ${nameOf(error.instancePath)}`;
  const field = parent.entries?.get(key) ?? parent;
  if (isConfidential(field))
    return problemOfKey(field, {
      rule: 'unknown-key',
      message: `A word without a value${where}`,
      remedy: cutSecret,
    });
  const near = profilePlace(key, known) ?? suggestion(didYouMean(key, known)) ?? otherWord(key);
  return problemOfKey(field, {
    rule: 'unknown-key',
    message: `Unknown key "${key.slice(0, 100)}"${where}`,
    remedy: cutText(parent, key) ?? near ?? `Known keys: ${known.join(', ')}.`,
  });
}

/** True for a word of a flow map that may be the rest of a secret: `{client_secret: abc,def}`. */
const isConfidential = (field: Field): boolean => field.source.confidential && isBare(field);

const cutSecret = 'A comma ends a text in braces: put all of it in quotes.';

const textKeys = ['code', 'condition', 'description', 'when', 'where', 'reason'];

/** For a word of a flow map that is the rest of a text: `{code: SELECT 1, bar FROM x}`. */
function cutText(parent: Field, key: string): string | undefined {
  const field = parent.entries?.get(key);
  if (field === undefined || !isBare(field)) return undefined;
  const entries = entriesOf(parent);
  const index = entries.findIndex(([name]) => name === key);
  const [before, text] = entries.slice(0, index).findLast(([, child]) => !isBare(child)) ?? [];
  if (before === undefined || text?.style !== 'plain' || !textKeys.includes(before)) return undefined;
  return `A comma ends the text of \`${before}\` here: put all of it in quotes.`;
}

/** What to write for a key without value. */
function valueRemedy(field: Field, { instancePath, parentSchema, params }: SchemaError): string | undefined {
  if (isConfidential(field)) return cutSecret;
  const key = (pointerKeys(instancePath).at(-1) ?? '').slice(0, 60);
  const allowed = [params['type']].flat();
  if (allowed.includes('boolean')) return `Write \`${key}: true\`.`;
  if (allowed.includes('object')) return `Indent what belongs to \`${key}\` below it.`;
  const choices: unknown = parentSchema?.['enum'];
  return Array.isArray(choices) ? `Write one of ${choices.join(', ')}.` : undefined;
}

/** A choice that stands for all that is not named among the others. */
const otherChoices: Readonly<Record<string, string>> = {
  oidc: 'Okta, Auth0, Entra ID and any other provider of OpenID Connect: `oidc`, with its `discovery_url`.',
};

function wrongChoice(field: Field, name: string, error: SchemaError): Problem {
  const allowed = (
    error.keyword === 'enum' ? error.params['allowedValues'] : [error.params['allowedValue']]
  ) as unknown[];
  const choices = [...new Set(allowed.map(String))];
  const near = typeof field.data === 'string' ? didYouMean(field.data, choices) : undefined;
  return problemOf(field, {
    rule: 'wrong-value',
    message: `${name}${quoted(field, error)} must be ${choices.length === 1 ? '' : 'one of '}${choices.join(', ')}`,
    remedy:
      otherType(field.data, choices) ??
      suggestion(near) ??
      choices.map((choice) => otherChoices[choice]).find((text) => text !== undefined),
  });
}

function expectation(error: SchemaError): string {
  const hint = hintOf(error);
  if (error.keyword === 'pattern' && hint !== undefined) return `must be ${hint}`;
  if (error.keyword === 'minLength' && error.params['limit'] === 1) return 'must not be empty';
  if (error.keyword === 'pattern' && error.params['pattern'] === String.raw`[^\s,]`)
    return 'must not be empty';
  return error.message ?? 'does not fit';
}

function hintOf({ parentSchema }: SchemaError): string | undefined {
  const hint: unknown = parentSchema?.['x-hint'];
  return typeof hint === 'string' ? hint : undefined;
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

/** A hint about a text says what it looks like, and not that it is one. */
function expectedType(error: SchemaError): string {
  const expected: unknown = error.params['type'];
  return expected === 'string' ? types(expected) : (hintOf(error) ?? types(expected));
}

function types(expected: unknown): string {
  return [expected]
    .flat()
    .map((type) => articles[String(type)] ?? String(type))
    .join(' or ');
}

function butIs({ data, style }: Field): string {
  if (data === null) return ', but is empty';
  if (style === 'plain' && typeof data === 'string' && /^-?\d{16,}$/.test(data))
    return ', and this one is beyond ±9007199254740991';
  if (Array.isArray(data)) return ', but is a list';
  return `, but is ${articles[typeof data] ?? 'something else'}`;
}

/** The value, where it can be shown: short, no secret, from a file without secrets, and as the author wrote it. */
function quoted(field: Field, { instancePath }: SchemaError): string {
  const { data, source } = field;
  if (source.confidential || field.replaced === true || typeof data === 'object') return '';
  if (pointerKeys(instancePath).some(isSecretKey) || hasPassword(String(data))) return '';
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
