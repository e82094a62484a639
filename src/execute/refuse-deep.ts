import { InvalidArgumentsError } from '../errors.js';
import { longStrings, measureJson } from '../lib/measure-json.js';
import type { Json } from '../model/json.js';

/** Levels of nesting that an argument may have. DuckDB's JSON functions recurse, and a deeper text ends the process. */
const deepest = 1000;

/**
 * Throws `InvalidArgumentsError`, naming the parameter, when the argument nests deeper than 1,000 levels, or a text in it
 * does as JSON, or a text that such a JSON text holds as a string (`($doc->>'x')::JSON`). Linear in the argument's size.
 */
export function refuseDeep(parameter: string, value: Json): void {
  if (!isDeep(value, deepest)) return;
  const message = `${parameter}: must not nest deeper than 1,000 levels`;
  throw new InvalidArgumentsError([{ path: parameter, message }]);
}

function isDeep(value: Json, levels: number): boolean {
  if (typeof value === 'string') return isDeepText(value);
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  const members: readonly Json[] = Array.isArray(value) ? (value as readonly Json[]) : Object.values(value);
  return members.some((member) => isDeep(member, levels - 1));
}

function isDeepText(text: string): boolean {
  if (text.length <= deepest) return false;
  if (measureJson(text).depth > deepest) return true;
  for (const inner of longStrings(text, deepest)) if (isDeepText(inner)) return true;
  return false;
}
