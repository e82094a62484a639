import type { Persona } from '../model/caller.js';
import type { Json, JsonObject } from '../model/json.js';
import { jsonObject } from './field.js';

const textKeys = ['username', 'email', 'name', 'provider', 'role'] as const;
const listKeys = ['roles', 'permissions', 'groups', 'capabilities', 'scopes'] as const;
const known = new Set<string>(['user_id', 'id', 'claims', ...textKeys, ...listKeys]);

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

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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
