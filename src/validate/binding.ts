import { InvalidArgumentsError, type ArgumentIssue } from '../errors.js';
import type { Json } from '../model/json.js';
import { quote } from './describe-value.js';

const maxIssues = 20;
const maxMessage = 500;

/** The state of one binding: where it is, and what it has found. */
export interface Binding {
  readonly path: (string | number)[];
  readonly issues: ArgumentIssue[];
  /** Values counted so far. */
  visited: number;
  /** More was found than is told. */
  overflow: boolean;
}

/** The canonical form of a raw value; what is wrong goes to the binding, and the value returned is then not used. */
export type Bind = (value: unknown, binding: Binding) => Json;

/** Writes down that a value is not what was expected. */
export type Refuse = (expectation: string, value: unknown, binding: Binding) => null;

/** A binding at the root, with nothing found. */
export function newBinding(): Binding {
  return { path: [], issues: [], visited: 0, overflow: false };
}

/** True when enough was found: there is no use in looking further. */
export function isFull(binding: Binding): boolean {
  return binding.overflow;
}

/** The path as a caller reads it: `filters.since`, `items[3]`, `tags["a b"]`. */
export function pathText(path: readonly (string | number)[]): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : memberText(part, index === 0)))
    .join('');
}

function memberText(name: string, first: boolean): string {
  if (name.length <= 64 && /^[\p{L}\p{N}_-]+$/u.test(name)) return first ? name : `.${name}`;
  return `[${quote(name, 64)}]`;
}

/** Notes an issue at the binding's place. Number and length of messages are bounded. */
export function report(binding: Binding, message: string): void {
  if (binding.issues.length >= maxIssues) {
    binding.overflow = true;
    return;
  }
  const text = message.length > maxMessage ? `${message.slice(0, maxMessage)}…` : message;
  binding.issues.push({ path: pathText(binding.path), message: text });
}

/** Notes that a value is not what was expected, in the documented words (spec page 03, "Arguments"). */
export function reportFault(binding: Binding, expectation: string, got: string): void {
  const place = binding.path.length === 0 ? 'the arguments' : `parameter '${pathText(binding.path)}'`;
  report(binding, `Error validating ${place}: expected ${expectation}, got ${got}`);
}

/** Throws all that was found; returns when nothing was. */
export function throwIssues({ issues, overflow }: Binding): void {
  if (issues.length === 0) return;
  const more = { path: '', message: `There are more than ${maxIssues} problems; the others are not listed` };
  throw new InvalidArgumentsError(overflow ? [...issues, more] : issues);
}
