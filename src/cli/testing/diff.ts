import { isObject } from '../../lib/is-object.js';
import type { Json } from '../../model/json.js';
import { isArray, member } from './equal.js';

const maxDifferences = 20;
const maxText = 200;

/** A value as one line of JSON, cut where it is long. */
export function brief(value: Json | undefined): string {
  const text = value === undefined ? '(absent)' : JSON.stringify(value);
  return text.length <= maxText ? text : `${text.slice(0, maxText)}… (${text.length} characters)`;
}

function keyPath(path: string, key: string): string {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(key)
    ? `${path}${path === '' ? '' : '.'}${key}`
    : `${path}[${JSON.stringify(key)}]`;
}

function* differences(
  expected: Json | undefined,
  actual: Json | undefined,
  path: string,
  partial: boolean,
): Generator<string> {
  if (isObject(expected) && isObject(actual)) {
    const keys = new Set([...Object.keys(expected), ...(partial ? [] : Object.keys(actual))]);
    for (const key of keys) {
      yield* differences(member(expected, key), member(actual, key), keyPath(path, key), partial);
    }
  } else if (isArray(expected) && isArray(actual)) {
    const length = Math.max(expected.length, actual.length);
    for (let i = 0; i < length; i++) yield* differences(expected[i], actual[i], `${path}[${i}]`, false);
  } else if (expected !== actual) {
    yield `${path === '' ? '(root)' : path}: expected ${brief(expected)}, got ${brief(actual)}`;
  }
}

/**
 * Each place where two values differ, one line each, at most twenty. `partial`: members that only the actual value has
 * do not count.
 */
export function diffJson(expected: Json, actual: Json, partial = false): string[] {
  const lines: string[] = [];
  for (const line of differences(expected, actual, '', partial)) {
    if (lines.length === maxDifferences) return [...lines, '… and more'];
    lines.push(line);
  }
  return lines;
}
