import { isObject } from '../../lib/is-object.js';
import type { Json, JsonObject } from '../../model/json.js';

/** True for a JSON array. */
export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The own member of an object; never one of a prototype. */
export function member(value: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Deep equality of JSON values; the order of an object's keys does not count. */
export function equalJson(left: Json, right: Json): boolean {
  if (isArray(left) && isArray(right)) {
    return left.length === right.length && left.every((item, i) => equalJson(item, right[i] ?? null));
  }
  if (isObject(left) && isObject(right)) {
    return Object.keys(left).length === Object.keys(right).length && includesJson(left, right, equalJson);
  }
  return left === right;
}

function includesJson(
  whole: JsonObject,
  part: JsonObject,
  compare: (whole: Json, part: Json) => boolean,
): boolean {
  return Object.keys(part).every((key) => {
    const actual = member(whole, key);
    const wanted = member(part, key);
    return actual !== undefined && wanted !== undefined && compare(actual, wanted);
  });
}

/** True when `part` is the value, or an object whose every member is in the value's, at any depth of objects. */
export function containsJson(whole: Json, part: Json): boolean {
  return isObject(whole) && isObject(part) ? includesJson(whole, part, containsJson) : equalJson(whole, part);
}
