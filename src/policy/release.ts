import { throwIfStopped, type StopSignal } from '../lib/stop-signal.js';
import { takeTurns } from '../lib/take-turns.js';
import type { Json } from '../model/json.js';
import type { RuleTrace } from '../model/outcome.js';
import type { OutputRule } from '../model/rule.js';
import type { TypeNode } from '../model/type-node.js';
import type { Condition } from './cel/compile-condition.js';
import type { Frame } from './cel/frame.js';
import { explain } from './cel/not-evaluable.js';
import {
  denialOf,
  traceOf,
  type Decision,
  type Denial,
  type ReleaseResult,
  type Verdict,
} from './decision.js';
import { evaluate } from './evaluate.js';
import { createFieldTree, type FieldAction, type FieldTree, type Hashing } from './field-tree.js';
import type { CompiledRowRule, RowFilter } from './row-filter.js';
import { createRowFilter } from './row-filter.js';
import { transformFields } from './transform.js';

/** An output rule that loaded. */
export interface CompiledOutputRule {
  readonly rule: OutputRule;
  readonly condition: Condition | undefined;
  readonly fields?: FieldAction;
  readonly rows?: CompiledRowRule;
  /** The rule removes or masks the whole result, so it denies. */
  readonly whole: boolean;
}

/** The output rules of an endpoint, ready to be applied. */
export interface OutputPlan {
  readonly rules: readonly CompiledOutputRule[];
  readonly returns: TypeNode | undefined;
  /** Field names fold case: the body is SQL. */
  readonly fold: boolean;
  readonly hashing: Hashing;
  /** Trees by the set of rules that matched. */
  readonly trees: Map<string, FieldTree>;
}

interface Judged {
  readonly compiled: CompiledOutputRule;
  readonly verdict: Verdict;
}

const rememberedTrees = 64;

function judge(compiled: CompiledOutputRule, filter: RowFilter | undefined, frame: Frame): Judged {
  const state = filter?.stateOf(compiled.rule);
  return { compiled, verdict: state ? state.verdict : evaluate(compiled.condition, frame) };
}

function denies({ compiled, verdict }: Judged): boolean {
  if (verdict.matched === false || compiled.rule.mode === 'shadow') return false;
  return verdict.matched === 'not-evaluable' || compiled.rule.action === 'deny' || compiled.whole;
}

function judgeAll(
  plan: OutputPlan,
  filter: RowFilter | undefined,
  frame: Frame,
): { readonly judged: readonly Judged[]; readonly denial?: Denial } {
  const judged: Judged[] = [];
  for (const compiled of plan.rules) {
    const next = judge(compiled, filter, frame);
    judged.push(next);
    if (denies(next)) return { judged, denial: denialOf(compiled.rule, next.verdict.matched) };
  }
  return { judged };
}

function treeFor(plan: OutputPlan, judged: readonly Judged[]): FieldTree {
  const active = judged.flatMap(({ compiled: { rule, fields }, verdict }) =>
    fields && rule.mode === 'enforce' && verdict.matched === true ? [fields] : [],
  );
  const key = active.map(({ index }) => index).join();
  const known = plan.trees.get(key);
  if (known) return known;
  const tree = createFieldTree(active, plan.returns, plan.fold, plan.hashing);
  if (plan.trees.size < rememberedTrees) plan.trees.set(key, tree);
  return tree;
}

/** Rules that take long for each item let others have their turns, and end with their call. */
async function keepItems(value: Json, filter: RowFilter, signal: StopSignal): Promise<Json | undefined> {
  if (!Array.isArray(value)) return value === null || filter.keep(value) ? value : undefined;
  const othersTurn = takeTurns();
  const kept: Json[] = [];
  for (const item of value as readonly Json[]) {
    if (filter.keep(item)) kept.push(item);
    const turn = othersTurn();
    if (turn === undefined) continue;
    await turn;
    throwIfStopped(signal);
  }
  return kept;
}

function tracesOf(
  judged: readonly Judged[],
  changed: readonly number[],
  filter: RowFilter | undefined,
): RuleTrace[] {
  return judged.map(({ compiled: { rule, fields }, verdict }) => {
    const state = filter?.stateOf(rule);
    if (state) return traceOf(rule, state.verdict, state.dropped);
    return traceOf(rule, verdict, fields ? (changed[fields.index] ?? 0) : 0);
  });
}

function changedBy(traces: readonly RuleTrace[]): boolean {
  return traces.some((trace) => !trace.shadow && trace.changed > 0);
}

/** The denial when keeping rows or transforming fields fails midway: by the first rule that was at work. */
function midwayDenial(judged: readonly Judged[], filter: RowFilter | undefined): Denial | undefined {
  const acting = judged.find(
    ({ compiled: { rule, fields }, verdict }) =>
      fields && rule.mode === 'enforce' && verdict.matched === true,
  );
  return filter?.denial() ?? (acting && denialOf(acting.compiled.rule, 'not-evaluable'));
}

function rowRulesOf(plan: OutputPlan): CompiledRowRule[] {
  return plan.rules.flatMap(({ rows }) => (rows ? [rows] : []));
}

/**
 * Applies the output rules to what the body gave: all conditions on the original response, then actions in order.
 * `filtered` is the filter that already dropped rows while they streamed. Never changes `response`. Rejects with
 * the reason of `signal` when the call is stopped.
 */
export async function releaseResponse(
  plan: OutputPlan,
  frame: Frame,
  response: Json,
  signal: StopSignal,
  filtered: RowFilter | undefined,
): Promise<ReleaseResult> {
  const rowRules = rowRulesOf(plan);
  const filter = filtered ?? (rowRules.length > 0 ? createRowFilter(rowRules, frame) : undefined);
  const { judged, denial } = judgeAll(plan, filter, frame);
  const changed: number[] = [];
  if (denial) return { status: 'denied', denial, traces: tracesOf(judged, changed, filter) };
  try {
    const kept = filter && !filtered ? await keepItems(response, filter, signal) : response;
    if (kept === undefined) return { status: 'none', traces: tracesOf(judged, changed, filter) };
    const value = transformFields(kept, treeFor(plan, judged), changed);
    const traces = tracesOf(judged, changed, filter);
    return { status: 'released', value, changed: changedBy(traces), traces };
  } catch (error) {
    throwIfStopped(signal);
    const midway = midwayDenial(judged, filter);
    if (!midway) throw error;
    return {
      status: 'denied',
      denial: midway,
      traces: failedTraces(tracesOf(judged, [], filter), midway, error),
    };
  }
}

function failedTraces(traces: readonly RuleTrace[], denial: Denial, error: unknown): RuleTrace[] {
  return traces.map((trace) =>
    trace.id === denial.rule && trace.matched === true
      ? { ...trace, matched: 'not-evaluable', error: explain(error) }
      : trace,
  );
}

/**
 * Decides on a result that is not a value, so that no rule can be applied to a part of it: an enforced rule whose condition
 * matches, or cannot be evaluated, denies. Conditions see `response` as null.
 */
export function releaseWhole(plan: OutputPlan, frame: Frame): Decision {
  const judged = plan.rules.map((compiled): Judged => ({
    compiled,
    verdict: evaluate(compiled.condition, frame),
  }));
  const traces = judged.map(({ compiled, verdict }) => traceOf(compiled.rule, verdict));
  const denying = judged.find(
    ({ compiled, verdict }) => compiled.rule.mode === 'enforce' && verdict.matched !== false,
  );
  return denying ? { denial: denialOf(denying.compiled.rule, denying.verdict.matched), traces } : { traces };
}
