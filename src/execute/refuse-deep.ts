import { InvalidArgumentsError } from '../errors.js';
import { measureJson } from '../lib/measure-json.js';
import type { Json } from '../model/json.js';

/** Levels of nesting that an argument may have. DuckDB's JSON functions recurse, and a deeper text ends the process. */
const deepest = 1000;

/**
 * Throws `InvalidArgumentsError`, naming the parameter, when a text in the argument nests deeper than 1,000 levels as
 * JSON, or the argument itself does. Linear in the argument's size.
 */
export function refuseDeep(parameter: string, value: Json): void {
  if (!isDeep(value, deepest)) return;
  const message = `${parameter}: must not nest deeper than 1,000 levels`;
  throw new InvalidArgumentsError([{ path: parameter, message }]);
}

function isDeep(value: Json, levels: number): boolean {
  if (typeof value === 'string') return value.length > deepest && measureJson(value).depth > deepest;
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  const members: readonly Json[] = Array.isArray(value) ? (value as readonly Json[]) : Object.values(value);
  return members.some((member) => isDeep(member, levels - 1));
}
