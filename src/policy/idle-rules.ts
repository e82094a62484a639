import type { Problem } from '../errors.js';
import type { EndpointPolicies } from '../model/rule.js';
import { dyn, type CelType } from './cel/cel-type.js';
import { loadCondition, type ConditionSite } from './check-condition.js';
import type { PolicyContext } from './policy-context.js';

/** Parameters of endpoints that are not there: any name may be one, of any type. */
class AnyParameter extends Map<string, CelType> {
  override has(): boolean {
    return true;
  }

  override get(): CelType {
    return dyn;
  }
}

/**
 * What is wrong with the conditions of site-wide rules that match no endpoint so far, as far as that can be told: an author
 * must not learn it on the day on which the first endpoint needs the rule.
 */
export function checkIdleRules(
  { input, output }: EndpointPolicies,
  context: PolicyContext,
): readonly Problem[] {
  const site: ConditionSite = { context, parameters: new AnyParameter(), problems: [] };
  for (const { condition } of input) loadCondition(condition, 'input', site);
  for (const rule of output) {
    if (rule.condition) loadCondition(rule.condition, 'output', site);
    if (rule.action === 'keep_rows') loadCondition(rule.where, 'row', site);
  }
  return site.problems;
}
