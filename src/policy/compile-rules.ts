import { createSecretKey } from 'node:crypto';
import type { Problem } from '../errors.js';
import type { StopSignal } from '../lib/stop-signal.js';
import type { ReleaseEffects } from '../model/effects.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Json, JsonObject } from '../model/json.js';
import type { TypeNode } from '../model/type-node.js';
import { typeOfNode } from './cel/cel-type.js';
import { contextNames } from './cel/context-names.js';
import { createFrame } from './cel/frame.js';
import { loadCondition, type ConditionSite } from './check-condition.js';
import { checkFields } from './check-fields.js';
import { denialOf, type Decision, type Denial, type ReleaseResult } from './decision.js';
import { effectsOf } from './effects.js';
import { decideInput, hidingRule, type CompiledInputRule } from './input-rules.js';
import { compileOutputRule, returnsOf } from './output-rule.js';
import type { PolicyContext } from './policy-context.js';
import { problemAt } from './problem.js';
import { releaseResponse, releaseWhole, type CompiledOutputRule, type OutputPlan } from './release.js';
import { resultTypes } from './result-types.js';
import { createRowFilter, type RowFilter } from './row-filter.js';
import type { Subject } from './subject.js';

/** The rules of one endpoint, ready to be asked. A denial is a result; only `RowFilter.keep` throws. */
export interface EndpointRules {
  /** Input rules that read no argument. */
  early(subject: Subject): Decision;
  /** The other input rules. */
  authorize(subject: Subject, args: JsonObject): Decision;
  /** The denial by an input rule that denies this caller whatever the arguments, so that he does not see the endpoint. */
  hiddenBy(subject: Subject): Denial | undefined;
  /** A filter for rows while they stream; undefined when rows are not filtered, or only by the whole result. */
  rowFilter(subject: Subject, args: JsonObject): RowFilter | undefined;
  /** All output rules. `filtered`: the filter that rows already passed. Rejects only when the call of `signal` is stopped. */
  release(
    subject: Subject,
    args: JsonObject,
    response: Json,
    signal: StopSignal,
    filtered?: RowFilter,
  ): Promise<ReleaseResult>;
  /** The decision on a result that has no fields: whatever rule would change a value denies it. */
  releaseWhole(subject: Subject, args: JsonObject): Decision;
  /** What rules could do to the declared return type. */
  effects(returns: TypeNode): ReleaseEffects;
  /** A filter, mask or `keep_rows` rule can apply: what is not the result cannot be released by field. */
  readonly changesOutput: boolean;
}

/** What compiling an endpoint's rules gave. `rules` is undefined when there are errors. */
export interface CompiledRules {
  readonly rules?: EndpointRules;
  readonly problems: readonly Problem[];
  /** Capabilities that conditions name, for `*` in roles. */
  readonly capabilities: readonly string[];
}

function compileInput(endpoint: Endpoint, site: ConditionSite): CompiledInputRule[] {
  return endpoint.policies.input.flatMap((rule) => {
    const condition = loadCondition(rule.condition, 'input', site);
    return condition ? [{ rule, condition }] : [];
  });
}

function compileOutput(
  endpoint: Endpoint,
  context: PolicyContext,
  site: ConditionSite,
): CompiledOutputRule[] {
  const severity = context.settings.strictFields ? 'error' : 'warning';
  const own: ConditionSite = { ...site, result: { types: resultTypes(endpoint, context.columns), severity } };
  return endpoint.policies.output.flatMap((rule, index) => {
    const compiled = compileOutputRule(rule, index, endpoint, context, rule.site ? site : own);
    return compiled ? [compiled] : [];
  });
}

function reservedNames(endpoint: Endpoint, name: string): Problem[] {
  const reserved = endpoint.parameters.filter((parameter) => contextNames.has(parameter.name));
  return reserved.map((parameter) =>
    problemAt(
      parameter.node.origin,
      'reserved-name',
      `In conditions \`${parameter.name}\` does not mean the parameter of this name`,
      { endpoint: name, severity: 'warning', remedy: `Conditions reach it as \`args.${parameter.name}\`` },
    ),
  );
}

function missingInputPolicy(endpoint: Endpoint, name: string, context: PolicyContext): Problem[] {
  const covered = endpoint.policies.input.some((rule) => rule.mode === 'enforce');
  if (covered || !context.settings.requireInputPolicy) return [];
  return [
    problemAt(endpoint.origin, 'no-input-policy', 'No input rule covers this endpoint', {
      endpoint: name,
      remedy: '`policies.require_input_policy` asks for one: add a rule here or in the site file',
    }),
  ];
}

function conditionsOf(rules: readonly CompiledOutputRule[]) {
  return rules.flatMap(({ condition, rows }) => [condition, rows?.where].filter((c) => c !== undefined));
}

function truncatedResponse(endpoint: Endpoint, name: string, readsResponse: boolean): Problem[] {
  if (!readsResponse || endpoint.limits.onLimit !== 'truncate') return [];
  const message = 'An output condition reads `response`, which `on_limit: truncate` may cut';
  return [
    problemAt(endpoint.origin, 'truncated-response', message, {
      endpoint: name,
      remedy: 'Use `on_limit: error`, or conditions over `row`',
    }),
  ];
}

function planOf(
  endpoint: Endpoint,
  context: PolicyContext,
  rules: readonly CompiledOutputRule[],
): OutputPlan {
  const prefix = `${endpoint.kind}/${endpoint.name}`;
  const siteWide = context.settings.hashScope === 'site';
  return {
    rules,
    returns: returnsOf(endpoint),
    fold: endpoint.kind !== 'prompt',
    hashing: {
      key: createSecretKey(Buffer.from(context.hashKey)),
      scopeOf: siteWide ? () => 'site' : (path) => `${prefix} ${path}`,
    },
    trees: new Map(),
  };
}

/** Rows stream through a filter only when each row is an item, and nothing needs to see the result that they make. */
function streamsRows(endpoint: Endpoint, readsResponse: boolean): boolean {
  const returns = returnsOf(endpoint);
  return !readsResponse && endpoint.kind !== 'prompt' && (returns === undefined || returns.type === 'array');
}

function assemble(plan: OutputPlan, input: readonly CompiledInputRule[], streams: boolean): EndpointRules {
  const early = input.filter(({ condition }) => !condition.reads.args);
  const late = input.filter(({ condition }) => condition.reads.args);
  const rowRules = plan.rules.flatMap(({ rows }) => (rows ? [rows] : []));
  return {
    early: (subject) => decideInput(early, subject, undefined),
    authorize: (subject, args) => decideInput(late, subject, args),
    hiddenBy: (subject) => {
      const rule = hidingRule(input, subject);
      return rule && denialOf(rule, true);
    },
    rowFilter: (subject, args) =>
      streams && rowRules.length > 0 ? createRowFilter(rowRules, createFrame(subject, args)) : undefined,
    release: (subject, args, response, signal, filtered) =>
      releaseResponse(plan, createFrame(subject, args, response), response, signal, filtered),
    releaseWhole: (subject, args) => releaseWhole(plan, createFrame(subject, args, null)),
    effects: (returns) => effectsOf(plan, returns),
    changesOutput: plan.rules.some(({ rule }) => rule.mode === 'enforce' && rule.action !== 'deny'),
  };
}

/**
 * Compiles, type-checks and connects all rules of an endpoint, site-wide ones included (spec page 04). All problems at
 * once; with an error among them there are no rules, so that no endpoint is ever served without one of its rules.
 */
export function compileRules(endpoint: Endpoint, context: PolicyContext): CompiledRules {
  const name = `${endpoint.kind}/${endpoint.name}`;
  const parameters = new Map(
    endpoint.parameters.map((parameter) => [parameter.name, typeOfNode(parameter.node)]),
  );
  const problems: Problem[] = [
    ...reservedNames(endpoint, name),
    ...missingInputPolicy(endpoint, name, context),
  ];
  const site: ConditionSite = { context, parameters, endpoint: name, problems };
  const input = compileInput(endpoint, site);
  const output = compileOutput(endpoint, context, site);
  const conditions = conditionsOf(output);
  const readsResponse = conditions.some(({ reads }) => reads.response);
  problems.push(...checkFields(endpoint, context), ...truncatedResponse(endpoint, name, readsResponse));
  const all = [...input.map(({ condition }) => condition), ...conditions];
  const capabilities = all.flatMap(({ reads }) => reads.capabilities.map((capability) => capability.name));
  if (problems.some(({ severity }) => severity === 'error')) return { problems, capabilities };
  const rules = assemble(planOf(endpoint, context, output), input, streamsRows(endpoint, readsResponse));
  return { rules, problems, capabilities };
}
