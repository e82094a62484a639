import type { Json } from '../model/json.js';
import { beyondNumbers, isPlainObject, textFault } from './coerce.js';
import { describeValue } from './describe-value.js';
import { isFull, reportFault, type Binding } from './binding.js';
import { maxDepth } from './semantics.js';

/**
 * A copy of a value whose type nothing declares: null prototypes, at most 64 levels, sound text, and no integer that a
 * JSON number cannot carry. What is wrong is reported; the copy is then not used. `hidden`: nothing of it is quoted,
 * its keys neither.
 */
export function copyFree(value: unknown, binding: Binding, hidden: boolean): Json {
  const expectation = faultOf(value, binding);
  if (expectation !== undefined) {
    reportFault(binding, expectation, describeValue(value, hidden));
    return null;
  }
  if (Array.isArray(value)) return copyItems(value, binding, hidden);
  if (isPlainObject(value)) return copyMembers(value, binding, hidden);
  return typeof value === 'number' ? value + 0 : (value as null | boolean | string);
}

function faultOf(value: unknown, binding: Binding): string | undefined {
  if (value === null || typeof value === 'boolean') return undefined;
  if (typeof value === 'string') return textFault(value);
  if (typeof value === 'number') return numberFault(value);
  if (!Array.isArray(value) && !isPlainObject(value)) return 'a JSON value';
  return binding.path.length < maxDepth ? undefined : `at most ${maxDepth} levels of nesting`;
}

function numberFault(value: number): string | undefined {
  if (!Number.isFinite(value)) return 'a finite number';
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? beyondNumbers : undefined;
}

function copyItems(items: readonly unknown[], binding: Binding, hidden: boolean): Json {
  const copy: Json[] = [];
  for (let index = 0; index < items.length && !isFull(binding); index++) {
    binding.path.push(index);
    copy.push(copyFree(items[index], binding, hidden));
    binding.path.pop();
  }
  return copy;
}

function copyMembers(source: Readonly<Record<string, unknown>>, binding: Binding, hidden: boolean): Json {
  const copy = Object.create(null) as Record<string, Json>;
  for (const key of Object.keys(source)) {
    if (isFull(binding)) break;
    if (source[key] === undefined) continue;
    copy[key] = copyMember(key, source[key], binding, hidden);
  }
  return copy;
}

/** One member under a name that nothing declares. */
export function copyMember(key: string, value: unknown, binding: Binding, hidden: boolean): Json {
  binding.path.push(hidden ? '*' : key);
  const fault = textFault(key);
  if (fault !== undefined) reportFault(binding, `a property name that is ${fault}`, 'another');
  const copy = copyFree(value, binding, hidden);
  binding.path.pop();
  return copy;
}
