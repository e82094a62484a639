import type { Json, JsonObject } from '../../model/json.js';
import type { ASTNode } from '@marcbachmann/cel-js';
import type { Subject } from '../subject.js';
import type { Value } from './value.js';
import { fail } from './not-evaluable.js';

/** Elements that one evaluation may visit (spec page 04, "Fail closed, always"). */
export const elementBudget = 100_000;

const charactersPerElement = 1024;

/** What one evaluation sees. `args` undefined: all arguments are absent. */
export interface Frame {
  readonly subject: Subject;
  readonly args: JsonObject | undefined;
  readonly response: Json;
  row: Json;
  /** Variables of macros, by slot. */
  readonly locals: Value[];
  /** What is left of the budget. */
  budget: number;
}

/** A frame for evaluations of one call; `Condition.evaluate` gives each of them its own budget. */
export function createFrame(subject: Subject, args: JsonObject | undefined, response: Json = null): Frame {
  return { subject, args, response, row: null, locals: [], budget: elementBudget };
}

/** Takes `elements` from the budget. */
export function spend(frame: Frame, elements: number, node: ASTNode): void {
  frame.budget -= elements;
  if (frame.budget < 0) fail(node, `more than ${elementBudget} elements visited`);
}

/** Takes the cost of reading a text from the budget: one element per 1,024 characters, or per `characters`. */
export function spendText(
  frame: Frame,
  text: string,
  node: ASTNode,
  characters = charactersPerElement,
): void {
  spend(frame, text.length / characters, node);
}
