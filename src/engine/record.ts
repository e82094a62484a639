import { describeCall, type CallDescription } from '../audit/describe-call.js';
import type { Outcome } from '../model/outcome.js';
import type { Progress } from './progress.js';
import type { Runtime } from './runtime.js';

function description(
  progress: Progress,
  outcome?: Outcome,
  operationType?: 'completion' | 'admin',
): CallDescription {
  const { request, operation, callId, args, parentCallId, events, business } = progress;
  return {
    request,
    endpoint: operation?.endpoint,
    callId,
    arguments: args,
    outcome,
    outputBytes: outputBytes(outcome),
    operationType,
    parentCallId,
    executionEvents: events.length > 0 ? events : undefined,
    businessContext: business,
  };
}

function outputBytes(outcome: Outcome | undefined): number | undefined {
  if (outcome?.status !== 'success' || outcome.released.form !== 'value') return undefined;
  return Buffer.byteLength(outcome.released.json);
}

/** Step 3c': puts on record that a call starts that can have an effect before its answer leaves. */
export async function recordIntent({ audit, describer }: Runtime, progress: Progress): Promise<void> {
  await audit.begin(describeCall(describer, description(progress)));
}

/**
 * Steps 4 and 5: puts the outcome on record; refusals by a rate limit singly or counted. Rejects with `AUDIT_UNAVAILABLE`:
 * then nothing may be released.
 */
export async function recordOutcome(
  { audit, describer }: Runtime,
  progress: Progress,
  outcome: Outcome,
  operationType?: 'completion' | 'admin',
): Promise<void> {
  const entry = describeCall(describer, description(progress, outcome, operationType));
  const limited = outcome.status !== 'success' && outcome.error.code === 'CALL_RATE_LIMITED';
  await (limited ? audit.refuse(entry) : audit.append(entry));
}
