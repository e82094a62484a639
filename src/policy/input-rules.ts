import type { JsonObject } from '../model/json.js';
import type { RuleTrace } from '../model/outcome.js';
import type { InputRule } from '../model/rule.js';
import type { Condition } from './cel/compile-condition.js';
import { createFrame } from './cel/frame.js';
import { NotEvaluable } from './cel/not-evaluable.js';
import { allowed, denialOf, traceOf, type Decision } from './decision.js';
import { evaluate } from './evaluate.js';
import type { Subject } from './subject.js';

/** An input rule that loaded. */
export interface CompiledInputRule {
  readonly rule: InputRule;
  readonly condition: Condition;
}

/** Asks the rules in order; the first enforced one that matches or cannot be evaluated denies. */
export function decideInput(
  rules: readonly CompiledInputRule[],
  subject: Subject,
  args: JsonObject | undefined,
): Decision {
  if (rules.length === 0) return allowed;
  const frame = createFrame(subject, args);
  const traces: RuleTrace[] = [];
  for (const { rule, condition } of rules) {
    const verdict = evaluate(condition, frame);
    traces.push(traceOf(rule, verdict));
    if (verdict.matched === false || rule.mode === 'shadow') continue;
    return { denial: denialOf(rule, verdict.matched), traces };
  }
  return { traces };
}

function deniesAlways({ rule, condition }: CompiledInputRule, subject: Subject): boolean {
  if (rule.mode === 'shadow' || condition.reads.volatileRequest) return false;
  try {
    return condition.evaluate(createFrame(subject, undefined));
  } catch (error) {
    return !(error instanceof NotEvaluable && error.needsArgument);
  }
}

/**
 * The rule that denies this caller whatever the arguments (spec page 04, "Seeing and calling"): with all arguments absent
 * it is true, or fails for another reason than that an argument is needed.
 */
export function hidingRule(rules: readonly CompiledInputRule[], subject: Subject): InputRule | undefined {
  return rules.find((rule) => deniesAlways(rule, subject))?.rule;
}
