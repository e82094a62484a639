import { isObject } from '../../lib/is-object.js';
import type { JsonObject } from '../../model/json.js';
import { toClaims } from '../claims.js';

/** An object among what a provider answered, prototype-free; undefined for everything else. */
export function objectIn(value: unknown): JsonObject | undefined {
  return isObject(value) ? toClaims(value) : undefined;
}

/** The objects of a list; undefined for what is no list. */
export function objectsIn(value: unknown): readonly JsonObject[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const objects: JsonObject[] = [];
  for (const item of value as readonly unknown[]) {
    const object = objectIn(item);
    if (object !== undefined) objects.push(object);
  }
  return objects;
}

/** The first of these members that is a text with something in it. */
export function textIn(source: JsonObject, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = source[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}
