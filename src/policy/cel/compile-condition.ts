import type { SourceText } from '../../lib/source-text.js';
import type { CelType } from './cel-type.js';
import { compileExpression } from './compile-expression.js';
import { elementBudget, type Frame } from './frame.js';
import { compileBoolean } from './logic.js';
import { NotEvaluable } from './not-evaluable.js';
import { parseCondition } from './parse-condition.js';
import type { Reads, ResultTypes, Scope, Stage } from './scope.js';

/** A condition that loaded. */
export interface Condition {
  readonly reads: Readonly<Reads>;
  /** Evaluates with a fresh budget. Throws `NotEvaluable`, or whatever goes wrong: both are denials for the caller. */
  readonly evaluate: (frame: Frame) => boolean;
}

function emptyReads(): Reads {
  return {
    args: false,
    response: false,
    volatileRequest: false,
    provider: false,
    subjects: [],
    capabilities: [],
    roles: [],
    strangeFields: [],
  };
}

const nothingKnown: ResultTypes = { response: undefined, row: undefined };

/**
 * Parses and type-checks a condition over the endpoint's parameters, once, at load (spec page 04). Throws
 * `ConditionError` for the first thing in it that does not load.
 */
export function compileCondition(
  source: SourceText,
  stage: Stage,
  parameters: ReadonlyMap<string, CelType>,
  results: ResultTypes = nothingKnown,
): Condition {
  const node = parseCondition(source.text);
  const reads = emptyReads();
  const scope: Scope = {
    stage,
    parameters,
    results,
    locals: [],
    unbounded: false,
    reads,
    compile: compileExpression,
  };
  const run = compileBoolean(node, scope, 'the condition');
  return { reads, evaluate: (frame) => evaluate(run, frame) };
}

function evaluate(run: (frame: Frame) => boolean, frame: Frame): boolean {
  frame.budget = elementBudget;
  try {
    return run(frame);
  } catch (error) {
    if (error instanceof RangeError) throw new NotEvaluable('the values are too deep or too large');
    throw error;
  }
}
