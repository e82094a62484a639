import type { Persona } from '../model/caller.js';
import type { Json, JsonObject } from '../model/json.js';
import { didYouMean } from '../lib/did-you-mean.js';
import type { Problem } from '../errors.js';
import { isObject } from '../lib/is-object.js';
import { jsonObject, type Field } from './field.js';
import { problemOfKey, suggestion } from './problems.js';

const textKeys = ['username', 'email', 'name', 'provider', 'role'] as const;
const listKeys = ['roles', 'permissions', 'groups', 'capabilities', 'scopes'] as const;
const known = new Set<string>(['user_id', 'id', 'claims', ...textKeys, ...listKeys]);

/** Keys that are no claims but slips: `group` would leave a person without groups, and nobody would notice. */
export function misspeltKeys(
  stated: JsonObject,
): readonly { readonly key: string; readonly meant: string }[] {
  return Object.keys(stated).flatMap((key) => {
    const meant = known.has(key) ? undefined : didYouMean(key, known);
    return meant === undefined ? [] : [{ key, meant }];
  });
}

/** The slips in the keys of a persona of a file, each an error. */
export function personaProblems(field: Field | undefined): readonly Problem[] {
  if (field?.entries === undefined) return [];
  return misspeltKeys(field.data as JsonObject).map(({ key, meant }) =>
    problemOfKey(field.entries?.get(key) ?? field, {
      rule: 'unknown-key',
      message: `Unknown key "${key}" of a person`,
      remedy: `${suggestion(meant) ?? ''} A claim of that name goes under \`claims\`.`,
    }),
  );
}

function text(value: Json | undefined): string | null | undefined {
  if (value === null) return null;
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** A list of texts as it is, one text split at spaces; anything else is empty (spec page 04). */
function texts(value: Json): readonly string[] {
  if (typeof value === 'string') return value.split(/\s+/).filter((part) => part !== '');
  return Array.isArray(value) ? value.filter((item: Json): item is string => typeof item === 'string') : [];
}

/**
 * A persona from what an operator or author states: an entry of `users`, `user_context`, or the JSON of `-u`. Keys that `user`
 * does not have become claims; explicit `claims` win over them (spec page 04).
 */
export function toPersona(stated: JsonObject): Persona {
  const has = (key: string): boolean => Object.hasOwn(stated, key);
  const userId = text(has('user_id') ? stated['user_id'] : has('id') ? stated['id'] : undefined);
  const explicit = has('claims') && isObject(stated['claims']) ? Object.entries(stated['claims']) : [];
  const extra = Object.entries(stated).filter(([key]) => !known.has(key));
  const fields: Record<string, unknown> = {};
  for (const key of textKeys) {
    const value = has(key) ? text(stated[key]) : undefined;
    if (value !== undefined) fields[key] = value;
  }
  for (const key of listKeys) if (has(key)) fields[key] = texts(stated[key] ?? null);
  return { ...(userId !== undefined && { userId }), ...fields, claims: jsonObject([...extra, ...explicit]) };
}
