import { toUSVString } from 'node:util';
import { integerText, parseExactNumber } from './decimal.js';
import { parseJsonText } from './json-text.js';
import { maxDepth } from './semantics.js';

/** A coerced value, or what was expected instead (completes "expected …"). */
export type Coerced<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly expectation: string };

const done = <T>(value: T): Coerced<T> => ({ ok: true, value });
const refused = (expectation: string): Coerced<never> => ({ ok: false, expectation });

/** Completes "expected …" for integers that no JSON number carries safely. */
export const beyondNumbers =
  'an integer within ±(2^53-1), or the digits of a larger one as a string (a larger number may have lost some)';
const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/** What every text must be to reach a database unchanged; undefined when it is. */
export function textFault(text: string): string | undefined {
  if (text.includes('\0')) return 'text without NUL characters';
  return toUSVString(text) === text ? undefined : 'text without lone surrogates';
}

/** Text as it is; numbers and booleans as they print in JSON. */
export function toText(value: unknown): Coerced<string> {
  if (typeof value === 'string') {
    const expectation = textFault(value);
    return expectation === undefined ? done(value) : refused(expectation);
  }
  if (typeof value === 'boolean') return done(String(value));
  if (typeof value !== 'number' || !Number.isFinite(value)) return refused('a string');
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return refused(beyondNumbers);
  return done(String(value));
}

/** A safe integer as a number, any other within 64 bits as its digits (spec page 03, "Arguments"). */
export function toInteger(value: unknown): Coerced<number | string> {
  if (typeof value === 'string') return textToInteger(value);
  if (typeof value !== 'number' || !Number.isInteger(value)) return refused('an integer');
  return Number.isSafeInteger(value) ? done(value + 0) : refused(beyondNumbers);
}

function textToInteger(text: string): Coerced<number | string> {
  if (text.length > 100 || !integerText.test(text)) return refused('an integer');
  const value = Number(text);
  if (Number.isSafeInteger(value)) return done(value + 0);
  const exact = BigInt(text);
  return exact >= int64.min && exact <= int64.max ? done(text) : refused('an integer of at most 64 bits');
}

/** A finite double; text only where no digit is lost. */
export function toNumber(value: unknown): Coerced<number> {
  if (typeof value === 'number' && Number.isFinite(value)) return done(value + 0);
  const parsed = typeof value === 'string' ? parseExactNumber(value) : undefined;
  return parsed === undefined ? refused('a number') : done(parsed + 0);
}

/** A boolean, or the words `true` and `false`. */
export function toBoolean(value: unknown): Coerced<boolean> {
  if (typeof value === 'boolean') return done(value);
  if (value === 'true' || value === 'false') return done(value === 'true');
  return refused('true or false');
}

/** True for an object of JSON: with the prototype of literals, or none. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function container<T>(value: unknown, title: string, is: (value: unknown) => value is T): Coerced<T> {
  if (is(value)) return done(value);
  if (typeof value !== 'string') return refused(title);
  const parsed = parseJsonText(value, maxDepth);
  if ('fault' in parsed)
    return refused(
      parsed.fault === 'syntax' ? title : `${title} (its JSON text has a fault: ${parsed.fault})`,
    );
  return is(parsed.value) ? done(parsed.value) : refused(title);
}

const isArray = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** An array, or JSON text of one. */
export function toArray(value: unknown): Coerced<readonly unknown[]> {
  return container(value, 'an array', isArray);
}

/** A plain object, or JSON text of one. */
export function toObject(value: unknown): Coerced<Readonly<Record<string, unknown>>> {
  return container(value, 'an object', isPlainObject);
}
