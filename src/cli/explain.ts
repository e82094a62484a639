import type { Caller } from '../model/caller.js';
import type { Endpoint } from '../model/endpoint.js';
import type { PolicyReport, RuleTrace } from '../model/outcome.js';
import type { InputRule, OutputRule } from '../model/rule.js';
import { printable } from './printable.js';

/** One rule of an endpoint, and what it did in one call. */
export interface ExplainedRule {
  readonly id: string;
  readonly stage: 'input' | 'output';
  readonly action: string;
  readonly mode: 'enforce' | 'shadow';
  readonly place: string;
  readonly condition: string | null;
  /** The paths that it removes or masks. */
  readonly fields?: readonly string[];
  /** The `where` of `keep_rows`. */
  readonly where?: string;
  /** `not-asked`: the call ended before this rule's turn. */
  readonly matched: boolean | 'not-evaluable' | 'not-asked';
  /** Values removed, masked or dropped. */
  readonly changed: number;
  readonly error?: string;
}

/** Every rule of an endpoint in its order, with what it did (spec page 04, "Explaining"). */
export function explainRules(endpoint: Endpoint, report: PolicyReport): readonly ExplainedRule[] {
  const traces = new Map(report.traces.map((trace) => [trace.id, trace]));
  const explain = (stage: 'input' | 'output') => (rule: InputRule | OutputRule) =>
    explainRule(rule, stage, traces.get(rule.id));
  return [
    ...endpoint.policies.input.map(explain('input')),
    ...endpoint.policies.output.map(explain('output')),
  ];
}

function explainRule(
  rule: InputRule | OutputRule,
  stage: 'input' | 'output',
  trace: RuleTrace | undefined,
): ExplainedRule {
  const { file, line, column } = rule.origin;
  return {
    id: rule.id,
    stage,
    action: rule.action,
    mode: rule.mode,
    place: `${file}:${line}:${column}`,
    condition: rule.condition?.text ?? null,
    ...('fields' in rule && { fields: rule.fields.map(({ path }) => path) }),
    ...('where' in rule && { where: rule.where.text }),
    matched: trace?.matched ?? 'not-asked',
    changed: trace?.changed ?? 0,
    ...(trace?.error !== undefined && { error: trace.error }),
  };
}

function effectText({ action, changed, stage }: ExplainedRule): string {
  if (stage === 'input' || action === 'deny') return 'matched';
  const noun = action === 'keep_rows' ? 'rows dropped' : 'values changed';
  return `matched, ${noun}: ${changed}`;
}

function verdict(rule: ExplainedRule): string {
  const { matched, mode, error } = rule;
  if (matched === 'not-asked') return 'not asked';
  if (matched === 'not-evaluable') {
    const effect = mode === 'shadow' ? ' (shadow: without effect)' : ', so it denies';
    return `could not be evaluated${effect}: ${error ?? ''}`;
  }
  if (!matched) return 'did not match';
  return mode === 'shadow' ? `${effectText(rule)} (shadow: without effect)` : effectText(rule);
}

type ExplainedCaller = Pick<Caller, 'role' | 'roles' | 'capabilities'>;

/** Who the caller became: the part that rules usually ask for. */
export function explainCaller({ role, roles, capabilities }: Caller): ExplainedCaller {
  return { role, roles, capabilities };
}

function callerText({ role, roles, capabilities }: ExplainedCaller): string {
  const held = capabilities.length === 0 ? '' : `; capabilities: ${capabilities.join(', ')}`;
  return `Caller: role ${role}; roles: ${roles.length === 0 ? 'none' : roles.join(', ')}${held}`;
}

/** The caller, the decision, and the rules: id, what it did; below, its action, place and condition. */
export function explainText(
  caller: ExplainedCaller,
  rules: readonly ExplainedRule[],
  report: PolicyReport,
): string {
  const decision = report.rule === undefined ? report.decision : `${report.decision} by ${report.rule}`;
  const lines = rules.flatMap((rule) => [
    `${rule.stage} ${rule.id}: ${verdict(rule)}`,
    `  ${[rule.action, ...(rule.fields ?? [])].join(' ')} at ${rule.place}`,
    ...(rule.condition === null ? [] : [`  when ${rule.condition}`]),
    ...(rule.where === undefined ? [] : [`  where ${rule.where}`]),
  ]);
  return printable([callerText(caller), `Decision: ${decision}`, ...lines].join('\n'));
}
