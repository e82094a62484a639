import { PolicyDeniedError } from '../errors.js';
import type { Json } from '../model/json.js';
import type { OutputRule } from '../model/rule.js';
import type { Condition } from './cel/compile-condition.js';
import type { Frame } from './cel/frame.js';
import { denialOf, type Denial, type Verdict } from './decision.js';
import { evaluate } from './evaluate.js';

/** A `keep_rows` rule that loaded. */
export interface CompiledRowRule {
  readonly rule: OutputRule;
  readonly condition: Condition | undefined;
  readonly where: Condition;
}

interface RowRuleState extends CompiledRowRule {
  verdict: Verdict;
  dropped: number;
}

/** Decides row by row what stays, and remembers what it did. For one call. */
export interface RowFilter {
  /** True when the row stays. Throws `PolicyDeniedError` when a rule cannot be evaluated. */
  keep(row: Json): boolean;
  /** The denial, when a rule could not be evaluated. */
  denial(): Denial | undefined;
  /** How a rule's condition came out, or why its `where` could not be evaluated, and how many rows it dropped. */
  stateOf(rule: OutputRule): { readonly verdict: Verdict; readonly dropped: number } | undefined;
}

/** Evaluates the conditions of `keep_rows` rules at once; their `where` is evaluated on each row. */
export function createRowFilter(rules: readonly CompiledRowRule[], frame: Frame): RowFilter {
  const states = rules.map((rule): RowRuleState => ({
    ...rule,
    verdict: evaluate(rule.condition, frame),
    dropped: 0,
  }));
  const failed = (): RowRuleState | undefined =>
    states.find(({ rule, verdict }) => rule.mode === 'enforce' && verdict.matched === 'not-evaluable');
  const denial = (): Denial | undefined => {
    const state = failed();
    return state && denialOf(state.rule, 'not-evaluable');
  };
  return {
    keep: (row) => {
      frame.row = row;
      for (const state of states) if (!keepsRow(state, frame)) return false;
      return failOn(denial());
    },
    denial,
    stateOf: (rule) => states.find((state) => state.rule === rule),
  };
}

function failOn(denial: Denial | undefined): true {
  if (denial) throw new PolicyDeniedError(denial.reason, denial.rule, 'output');
  return true;
}

/** Asks one rule. A shadow rule counts what it would drop; a rule that cannot be evaluated ends the call right here. */
function keepsRow(state: RowRuleState, frame: Frame): boolean {
  const { rule, verdict } = state;
  if (verdict.matched !== true) {
    if (verdict.matched === 'not-evaluable' && rule.mode === 'enforce')
      failOn(denialOf(rule, 'not-evaluable'));
    return true;
  }
  const kept = evaluate(state.where, frame);
  if (kept.matched === true) return true;
  if (kept.matched === false) state.dropped++;
  else state.verdict = kept;
  if (kept.matched === 'not-evaluable' && rule.mode === 'enforce') failOn(denialOf(rule, 'not-evaluable'));
  return rule.mode === 'shadow';
}
