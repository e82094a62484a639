import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { PolicyDeniedError } from '../errors.js';
import type { CallRequest } from '../model/call.js';
import type { Json, JsonObject } from '../model/json.js';
import type { PolicyReport, RateState, RuleTrace } from '../model/outcome.js';
import type { Denial } from '../policy/decision.js';
import type { Operation } from './operation.js';

/** What is known of a call so far. It outlives a failure, so that a failed call is recorded with all that was known. */
export interface Progress {
  readonly callId: string;
  readonly request: CallRequest;
  /** `performance.now()` at the start, milliseconds. */
  readonly startedAt: number;
  /** The call inside of which this one was made. */
  readonly parentCallId: string | undefined;
  /** What the body did that is worth a line in the record: requests that it sent. */
  readonly events: Json[];
  /** What the body told for the record. */
  business: JsonObject | undefined;
  operation: Operation | undefined;
  args: JsonObject | undefined;
  traces: readonly RuleTrace[];
  denial: Denial | undefined;
  /** An output rule changed the result. */
  changed: boolean;
  /** What is left of the limits on this call. */
  rate: RateState | undefined;
  /** A rule that hides the endpoint from this caller denied: the answer must not tell that it exists. */
  hidden: boolean;
}

/** The progress of a call that begins now. */
export function beginProgress(request: CallRequest, parentCallId?: string): Progress {
  return {
    callId: randomUUID(),
    request,
    startedAt: performance.now(),
    parentCallId,
    events: [],
    business: undefined,
    operation: undefined,
    args: undefined,
    traces: [],
    denial: undefined,
    changed: false,
    rate: undefined,
    hidden: false,
  };
}

/** Notes what rules decided. Throws `POLICY_DENIED` when one denied. */
export function noteDecision(
  progress: Progress,
  decision: { readonly denial?: Denial; readonly traces: readonly RuleTrace[] },
  stage: 'input' | 'output',
): void {
  if (decision.traces.length > 0) progress.traces = [...progress.traces, ...decision.traces];
  if (decision.denial === undefined) return;
  progress.denial = decision.denial;
  throw new PolicyDeniedError(decision.denial.reason, decision.denial.rule, stage);
}

/** What the rules did in this call. */
export function policyReport({ traces, denial, changed, operation }: Progress): PolicyReport {
  if (denial) {
    return { decision: 'deny', rule: denial.rule, ruleHash: denial.ruleHash, reason: denial.reason, traces };
  }
  if (operation === undefined || traces.length === 0) return { decision: 'n/a', traces };
  return { decision: changed ? 'warn' : 'allow', traces };
}
