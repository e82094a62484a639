import type { Json } from '../model/json.js';

const count = (amount: number, unit: string, plural = `${unit}s`): string =>
  `${amount} ${amount === 1 ? unit : plural}`;

/** What a value looks like, never what it says: for messages about results. */
export function shapeOf(value: Json): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `a string of ${count(value.length, 'character')}`;
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a number';
  if (typeof value === 'boolean') return 'a boolean';
  if (Array.isArray(value)) return `an array of ${count(value.length, 'item')}`;
  return `an object with ${count(Object.keys(value).length, 'property', 'properties')}`;
}

const invisible = /[\p{C}\p{Zl}\p{Zp}]/gu;
const escaped = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/** The beginning of a text in quotes, safe for a terminal and a log: control and invisible characters are escaped. */
export function quote(text: string, limit = 40): string {
  const start = text
    .slice(0, limit)
    .replace(/["\\]/g, String.raw`\$&`)
    .replace(invisible, escaped);
  return `"${start}${text.length > limit ? '…' : ''}"`;
}

/**
 * What came instead of what was expected. A caller sees their own scalar values quoted, unless the parameter is sensitive
 * (`hidden`); lists and objects are never quoted, because something in them may be.
 */
export function describeValue(value: unknown, hidden: boolean): string {
  switch (typeof value) {
    case 'string':
      return hidden ? 'a string' : quote(value);
    case 'number':
      return hidden ? 'a number' : `${value}`;
    case 'boolean':
      return hidden ? 'a boolean' : `${value}`;
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? `an array of ${count(value.length, 'item')}` : 'an object';
    default:
      return `a value that JSON does not have (${typeof value})`;
  }
}
