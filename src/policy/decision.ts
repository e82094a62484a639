import type { Json } from '../model/json.js';
import type { RuleTrace } from '../model/outcome.js';
import type { InputRule, OutputRule } from '../model/rule.js';

/** The reason of every denial by a rule that could not be evaluated (spec page 04, "Fail closed, always"). */
const notEvaluableReason = 'policy could not be evaluated';

const defaultReason = 'Denied by policy';

/** Which rule denied, and what the caller is told. */
export interface Denial {
  readonly rule: string;
  readonly ruleHash: string;
  readonly reason: string;
}

/** What input rules decided. */
export interface Decision {
  readonly denial?: Denial;
  readonly traces: readonly RuleTrace[];
}

/** What output rules left. `none`: the only item was dropped, so there is no result (spec page 04, `keep_rows`). */
export type ReleaseResult =
  | {
      readonly status: 'released';
      readonly value: Json;
      readonly changed: boolean;
      readonly traces: readonly RuleTrace[];
    }
  | { readonly status: 'none'; readonly traces: readonly RuleTrace[] }
  | { readonly status: 'denied'; readonly denial: Denial; readonly traces: readonly RuleTrace[] };

/** The decision that nothing was against it. */
export const allowed: Decision = Object.freeze({ traces: Object.freeze([]) });

/** How one condition came out. */
export type Verdict =
  { readonly matched: boolean } | { readonly matched: 'not-evaluable'; readonly error: string };

/** The denial of a rule that matched or, with its reason instead of the author's, could not be evaluated. */
export function denialOf(rule: InputRule | OutputRule, matched: Verdict['matched']): Denial {
  const reason = matched === 'not-evaluable' ? notEvaluableReason : (rule.reason ?? defaultReason);
  return { rule: rule.id, ruleHash: rule.hash, reason };
}

/** The record of one rule in one call. */
export function traceOf(rule: InputRule | OutputRule, verdict: Verdict, changed = 0): RuleTrace {
  const { id, hash, action, mode } = rule;
  const trace = { id, hash, action, shadow: mode === 'shadow', matched: verdict.matched, changed };
  return verdict.matched === 'not-evaluable' ? { ...trace, error: verdict.error } : trace;
}
