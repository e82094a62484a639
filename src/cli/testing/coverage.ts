import type { Origin } from '../../errors.js';
import type { Endpoint } from '../../model/endpoint.js';
import type { RuleTrace } from '../../model/outcome.js';
import type { InputRule, OutputRule } from '../../model/rule.js';
import { printable } from '../printable.js';

/** What the tests made one rule do. */
export interface RuleCoverage {
  readonly id: string;
  readonly origin: Origin;
  readonly matched: boolean;
  readonly notMatched: boolean;
}

/** What the rules of an endpoint did in one call. */
export interface Tried {
  readonly endpoint: Endpoint;
  readonly traces: readonly RuleTrace[];
}

type Rule = InputRule | OutputRule;

const rulesOf = ({ policies }: Endpoint): readonly Rule[] => [...policies.input, ...policies.output];

/** A rule without condition always applies; what a test can see from two sides is whether it changed anything. */
function acted(rule: Rule, trace: RuleTrace): boolean | undefined {
  if (trace.matched === 'not-evaluable') return undefined;
  return rule.condition === undefined && rule.action === 'keep_rows' ? trace.changed > 0 : trace.matched;
}

function alwaysApplies(rule: Rule): boolean {
  return rule.condition === undefined && rule.action !== 'keep_rows';
}

/**
 * For each rule of the endpoints, whether a test made it match and whether one made it not match (spec page 04,
 * "Explaining"). An output rule without condition has no other side; for `keep_rows` without condition the sides are
 * rows dropped and none dropped.
 */
export function ruleCoverage(
  endpoints: readonly Endpoint[],
  tried: readonly Tried[],
): readonly RuleCoverage[] {
  // A site-wide rule stands in many endpoints and counts once; rules of two endpoints may have the same id.
  const sides = new Map(endpoints.flatMap(rulesOf).map((rule) => [rule, new Set<boolean | undefined>()]));
  for (const { endpoint, traces } of tried) {
    const rules = new Map(rulesOf(endpoint).map((rule) => [rule.id, rule]));
    for (const trace of traces) {
      const rule = rules.get(trace.id);
      if (rule !== undefined) sides.get(rule)?.add(acted(rule, trace));
    }
  }
  return [...sides].map(([rule, seen]) => ({
    id: rule.id,
    origin: rule.origin,
    matched: seen.has(true),
    notMatched: alwaysApplies(rule) || seen.has(false),
  }));
}

/** Sides seen of all sides that there are, in whole percent, rounded down; 100 without rules. */
export function coveragePercent(rules: readonly RuleCoverage[]): number {
  if (rules.length === 0) return 100;
  const seen = rules.reduce((sum, rule) => sum + Number(rule.matched) + Number(rule.notMatched), 0);
  return Math.floor((100 * seen) / (2 * rules.length));
}

/** The rules that no test made match, and those that no test made not match; then the percentage. */
export function coverageText(rules: readonly RuleCoverage[]): string {
  const place = ({ id, origin }: RuleCoverage): string =>
    `  ${printable(`${id} (${origin.file}:${origin.line})`)}`;
  const list = (title: string, found: readonly RuleCoverage[]): string[] =>
    found.length === 0 ? [] : [title, ...found.map(place)];
  return [
    ...list(
      'Rules that no test made match:',
      rules.filter(({ matched }) => !matched),
    ),
    ...list(
      'Rules that no test made not match:',
      rules.filter(({ notMatched }) => !notMatched),
    ),
    `Rule coverage: ${coveragePercent(rules)} % of both sides of ${rules.length} rules`,
  ].join('\n');
}
