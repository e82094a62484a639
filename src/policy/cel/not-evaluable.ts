import type { ASTNode } from '@marcbachmann/cel-js';

/** A condition that cannot be evaluated. The message says why and where in the condition, and never contains a value. */
export class NotEvaluable extends Error {
  /** True when an argument was read that the evaluation does not have (spec page 04, "Seeing and calling"). */
  readonly needsArgument: boolean;

  constructor(message: string, needsArgument = false) {
    super(message);
    this.name = 'NotEvaluable';
    this.needsArgument = needsArgument;
  }
}

/** The place of a node in its condition, as `line:column`, both from 1. */
export function placeOf(node: ASTNode): string {
  const before = node.input.slice(0, node.start).split('\n');
  return `${before.length}:${(before.at(-1) ?? '').length + 1}`;
}

/** Ends the evaluation. `message` must not contain a value. */
export function fail(node: ASTNode, message: string): never {
  throw new NotEvaluable(`${message} at ${placeOf(node)}`);
}

/** The message of an error for a trace; of an error that is not ours only its class, because its text may quote values. */
export function explain(error: unknown): string {
  if (error instanceof NotEvaluable) return error.message;
  return error instanceof Error ? error.name : 'unknown error';
}
