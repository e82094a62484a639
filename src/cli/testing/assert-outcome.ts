import { releasedJson } from '../../engine/released-json.js';
import { schemaCompiler } from '../../lib/schema.js';
import type { TestAssertions } from '../../model/endpoint.js';
import type { Json, JsonObject } from '../../model/json.js';
import type { Outcome } from '../../model/outcome.js';
import { releasedText } from '../released-text.js';
import { assertResult, assertsResult } from './assert-result.js';

type Failure = Extract<Outcome, { status: 'denied' | 'error' }>;

function failureText({ error }: Failure): string {
  return `${error.message} [${error.code}]`;
}

function assertError(outcome: Outcome, { error: wanted }: TestAssertions): string[] {
  if (wanted === undefined) return [];
  if (outcome.status === 'success') return ['error: expected an error, the call succeeded'];
  const { code, message } = outcome.error;
  const failures = [];
  if (wanted.code !== undefined && wanted.code !== code) {
    failures.push(`error.code: expected ${wanted.code}, got ${failureText(outcome)}`);
  }
  if (wanted.contains !== undefined && !message.includes(wanted.contains)) {
    failures.push(`error.contains: ${JSON.stringify(wanted.contains)} is not in ${JSON.stringify(message)}`);
  }
  return failures;
}

function assertDecision(outcome: Outcome, { decision: wanted }: TestAssertions): string[] {
  const { decision } = outcome.policy;
  // No rule at all let the call pass: that is what `allow` asks for.
  const actual = decision === 'n/a' && outcome.status === 'success' ? 'allow' : decision;
  return wanted === undefined || wanted === actual ? [] : [`decision: expected ${wanted}, got ${actual}`];
}

function assertRule({ policy }: Outcome, { rule: wanted }: TestAssertions): string[] {
  if (wanted === undefined) return [];
  const denied = policy.decision === 'deny';
  const acted = denied
    ? [policy.rule ?? '(none)']
    : policy.traces.filter(({ matched }) => matched === true).map(({ id }) => id);
  if (acted.includes(wanted)) return [];
  const got =
    acted.length === 0 ? 'no rule matched' : `${denied ? 'denied by' : 'matched'} ${acted.join(', ')}`;
  return [`rule: expected ${wanted}, ${got}`];
}

function assertSchema(value: Json, schema: JsonObject | undefined, wanted: TestAssertions): string[] {
  if (wanted.schemaValid === undefined) return [];
  if (schema === undefined)
    return ['schema_valid: the endpoint has no return type, so nothing is advertised'];
  const validate = schemaCompiler({ strict: false }).compile(schema);
  if (validate(value) === wanted.schemaValid) return [];
  if (!wanted.schemaValid) return ['schema_valid: expected a result that the schema refuses, it accepts it'];
  return (validate.errors ?? []).map(
    ({ instancePath, message }) =>
      `schema_valid: ${instancePath === '' ? '(root)' : instancePath} ${message ?? ''}`,
  );
}

/** A call that did not succeed although the test does not expect that. */
function assertSuccess(outcome: Failure, wanted: TestAssertions): string[] {
  if (assertsResult(wanted)) return [`expected a result, got ${failureText(outcome)}`];
  const expected = wanted.error !== undefined || (outcome.status === 'denied' && wanted.decision === 'deny');
  return expected ? [] : [`expected success, got ${failureText(outcome)}`];
}

/**
 * Every way in which the outcome of a call is not what a test wants (spec page 10, "Test assertions"); empty: passed.
 * `schema` is the endpoint's advertised output schema. A test that expects neither error nor denial expects success.
 */
export function assertOutcome(
  outcome: Outcome,
  schema: JsonObject | undefined,
  wanted: TestAssertions,
): string[] {
  const failures = [assertError, assertDecision, assertRule].flatMap((check) => check(outcome, wanted));
  if (outcome.status !== 'success') return [...assertSuccess(outcome, wanted), ...failures];
  const value = releasedJson(outcome.released);
  return [
    ...failures,
    ...assertResult(value, releasedText(outcome.released), wanted),
    ...assertSchema(value, schema, wanted),
  ];
}
