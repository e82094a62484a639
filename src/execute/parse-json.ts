import { bareObject } from '../lib/bare-object.js';
import type { Json } from '../model/json.js';

/** Quotes and numbers, and what a text escapes. A text as one match would fill the stack of the engine when it is large. */
const marks = /\\.|"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * The value of a JSON column. Integers outside ±(2^53-1) become strings of digits, objects have a null prototype. Text
 * that is not JSON (an extension's type may carry the alias) stays text.
 */
export function parseJson(text: string): Json {
  try {
    const parsed: unknown = JSON.parse(/\d{16}/.test(text) ? quoteBigIntegers(text) : text);
    return copy(parsed);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

function quoteBigIntegers(text: string): string {
  let inText = false;
  return text.replace(marks, (mark) => {
    if (mark === '"') inText = !inText;
    return !inText && /^-?\d+$/.test(mark) && !isSafe(mark) ? `"${mark}"` : mark;
  });
}

function isSafe(digits: string): boolean {
  return Number.isSafeInteger(Number(digits));
}

function copy(value: unknown): Json {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value !== 'object' || value === null) return null;
  const object = bareObject<Json>();
  for (const [name, member] of Object.entries(value)) object[name] = copy(member);
  return object;
}
