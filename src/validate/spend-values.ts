import { InvalidArgumentsError } from '../errors.js';
import type { Binding } from './binding.js';

/** Values that the arguments of one call may have, lists and objects included (spec page 03, "Arguments"). */
export const maxValues = 100_000;

function childrenOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

/**
 * Takes every value in `value`, itself included, from what a binding may visit. Throws `InvalidArgumentsError` as soon as
 * there are too many: before anything is copied or checked, whatever was declared.
 */
export function spendValues(value: unknown, binding: Binding): void {
  binding.visited += 1;
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const children = childrenOf(waiting.pop());
    binding.visited += children.length;
    if (binding.visited > maxValues) throw tooMany();
    for (const child of children) if (typeof child === 'object' && child !== null) waiting.push(child);
  }
}

function tooMany(): InvalidArgumentsError {
  const message = `Error validating the arguments: more than ${maxValues} values, lists and objects included`;
  return new InvalidArgumentsError([{ path: '', message }]);
}
