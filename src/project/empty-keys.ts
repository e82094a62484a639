import type { SchemaError } from '../lib/schema.js';
import { jsonObject, type Field } from './field.js';
import { pointerKeys, replaceEmpty } from './map-field.js';

/** Maps whose keys are names of the author's: a name with nothing behind it is an entry with nothing in it. */
const namedMaps: readonly (string | undefined)[] = ['profiles', 'projects', 'roles', 'users'];

/**
 * A file without the keys that its schema wants a list or map for and that have nothing behind them (`tags:`): they count as
 * absent. Everything else that is empty stays, for the schema to refuse: a key that it does not know must never be passed
 * over, and `sensitive:` without a value must not mean `false`.
 */
export function dropEmptyContainers(file: Field, errors: readonly SchemaError[]): Field {
  const empty = new Map(
    errors
      .filter((error) => error.keyword === 'type' && error.data === null && !meansSomething(error))
      .map((error) => [error.instancePath, [error.params['type']].flat().map(String)]),
  );
  if (empty.size === 0) return file;
  return replaceEmpty(file, (field, pointer) =>
    standIn(field, pointerKeys(pointer), empty.get(pointer) ?? []),
  );
}

/** Lists that widen what is allowed by their absence: somebody who wrote the key meant to narrow it. */
const narrowing = new Set([
  'allowed_orgs',
  'allowed_teams',
  'allowed_domains',
  'audience',
  'algorithms',
  'scoped_tags',
  'required_scopes',
  'anonymous_scopes',
  'scopes',
]);

/** Lists of a persona do so too: without `scopes` a caller has all of them. */
const meansSomething = ({ schemaPath, instancePath }: SchemaError): boolean =>
  schemaPath.includes('/persona/properties/') || narrowing.has(pointerKeys(instancePath).at(-1) ?? '');

function standIn(field: Field, keys: readonly string[], types: readonly string[]): Field | undefined {
  const parent = keys.at(-2);
  if (keys.length === 3 && keys[0] === 'authorization' && parent === 'capabilities') {
    return { ...field, data: '' };
  }
  if (isBare(field) || types.includes('boolean') || parent === 'properties' || isEndpoint(keys)) return field;
  if (types.includes('object') && namedMaps.includes(parent)) {
    return { ...field, entries: new Map(), data: jsonObject([]) };
  }
  return types.includes('array') || types.includes('object') ? undefined : field;
}

/** `tool:` with its keys beside it, because they are not indented. */
const isEndpoint = ([key = '', ...below]: readonly string[]): boolean =>
  below.length === 0 && ['tool', 'resource', 'prompt'].includes(key);

/** True for a word of a flow map without colon: `{type: string, sensitive}`. */
export function isBare(field: Field): boolean {
  return field.data === null && field.start === field.keyStart;
}
