import type { Json } from '../model/json.js';
import type { TypeNode } from '../model/type-node.js';
import { compilePattern } from '../lib/pattern.js';
import { hasUniqueItems } from './equal-values.js';
import { isMultipleOf } from './decimal.js';
import { formatOf, type Direction } from './formats.js';
import { maxLengthOf } from './semantics.js';

/** Tests a value of the right type against keywords: what was expected instead (completes "expected …"), or undefined. */
export type KeywordCheck<T> = (value: T) => string | undefined;

const plural = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? '' : 's'}`;

/** All checks in one; undefined where there are none, so that callers can skip the call. */
function allOf<T>(checks: readonly KeywordCheck<T>[]): KeywordCheck<T> | undefined {
  const [first, second] = checks;
  if (first === undefined || second === undefined) return first;
  return (value) => {
    for (const check of checks) {
      const expectation = check(value);
      if (expectation !== undefined) return expectation;
    }
    return undefined;
  };
}

/** Length in Unicode code points, as JSON Schema counts; reads no more of the text than it must. */
function exceeds(text: string, limit: number): boolean {
  if (text.length <= limit) return false;
  return text.length > 2 * limit || countCodePoints(text) > limit;
}

function countCodePoints(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    if ((text.codePointAt(at) ?? 0) > 0xffff) at += 1;
    count += 1;
  }
  return count;
}

function lengthChecks(node: TypeNode): KeywordCheck<string>[] {
  const checks: KeywordCheck<string>[] = [];
  const max = maxLengthOf(node);
  const min = node.minLength;
  if (max !== undefined) {
    const expectation = `at most ${plural(max, 'character')}`;
    checks.push((text) => (exceeds(text, max) ? expectation : undefined));
  }
  if (min !== undefined && min > 0) {
    const expectation = `at least ${plural(min, 'character')}`;
    checks.push((text) => (exceeds(text, min - 1) ? undefined : expectation));
  }
  return checks;
}

/** `minLength`, `maxLength`, `format` and `pattern`, in the order of their cost. */
export function compileStringCheck(node: TypeNode, direction: Direction): KeywordCheck<string> | undefined {
  const checks = lengthChecks(node);
  const format = node.format === undefined ? undefined : formatOf(node.format, direction);
  if (format !== undefined) checks.push((text) => (format.test(text) ? undefined : format.expectation));
  if (node.pattern !== undefined) {
    const matches = compilePattern(node.pattern);
    const shown = node.pattern.length > 120 ? `${node.pattern.slice(0, 120)}…` : node.pattern;
    const expectation = `text that matches ${shown}`;
    checks.push((text) => (matches(text) ? undefined : expectation));
  }
  return allOf(checks);
}

/** A number; one that no double carries exactly as a bigint or as its decimal text. */
export type Numeric = number | bigint | string;

/** Compares decimal text as a double: the bounds of a `number` are doubles too. */
const comparable = (value: Numeric): number | bigint => (typeof value === 'string' ? Number(value) : value);

/** `minimum`, `maximum`, their exclusive forms, and `multipleOf` (exact on the decimal that a number prints as). */
export function compileNumberCheck(node: TypeNode): KeywordCheck<Numeric> | undefined {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = node;
  const checks: KeywordCheck<Numeric>[] = [];
  if (minimum !== undefined) {
    checks.push((value) => (comparable(value) < minimum ? `at least ${minimum}` : undefined));
  }
  if (maximum !== undefined) {
    checks.push((value) => (comparable(value) > maximum ? `at most ${maximum}` : undefined));
  }
  if (exclusiveMinimum !== undefined) {
    checks.push((value) =>
      comparable(value) <= exclusiveMinimum ? `more than ${exclusiveMinimum}` : undefined,
    );
  }
  if (exclusiveMaximum !== undefined) {
    checks.push((value) =>
      comparable(value) >= exclusiveMaximum ? `less than ${exclusiveMaximum}` : undefined,
    );
  }
  if (multipleOf !== undefined) {
    const fits = (value: Numeric): boolean =>
      isMultipleOf(typeof value === 'bigint' ? value.toString() : value, multipleOf);
    checks.push((value) => (fits(value) ? undefined : `a multiple of ${multipleOf}`));
  }
  return allOf(checks);
}

/** `minItems` and `maxItems`: asked before any item is looked at. */
export function compileSizeCheck(node: TypeNode): KeywordCheck<readonly unknown[]> | undefined {
  const { minItems, maxItems } = node;
  const checks: KeywordCheck<readonly unknown[]>[] = [];
  if (minItems !== undefined) {
    checks.push((items) => (items.length < minItems ? `at least ${plural(minItems, 'item')}` : undefined));
  }
  if (maxItems !== undefined) {
    checks.push((items) => (items.length > maxItems ? `at most ${plural(maxItems, 'item')}` : undefined));
  }
  return allOf(checks);
}

/** `uniqueItems`, on items that have passed their own checks. */
export function compileUniqueCheck(node: TypeNode): KeywordCheck<readonly Json[]> | undefined {
  if (node.uniqueItems !== true) return undefined;
  return (items) => (hasUniqueItems(items) ? undefined : 'items that are all different');
}
