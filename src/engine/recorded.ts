import { performance } from 'node:perf_hooks';
import { type ErrorCode, ShuttingDownError, toMxcpError } from '../errors.js';
import type { CallRequest } from '../model/call.js';
import type { Outcome, Released } from '../model/outcome.js';
import { beginProgress, policyReport, type Progress } from './progress.js';
import { recordOutcome } from './record.js';
import { unknownEndpoint } from './resolve.js';
import type { Runtime } from './runtime.js';

/**
 * Runs the stages of a call in the only way there is: counted as running, every ending turned into an `Outcome`, and the
 * outcome on record before it is returned. Throws only `AUDIT_UNAVAILABLE`: then nothing may be released.
 */
export async function recorded(
  runtime: Runtime,
  request: CallRequest,
  stages: (progress: Progress) => Promise<Released>,
  operationType?: 'completion' | 'admin',
  parentCallId?: string,
): Promise<Outcome> {
  const progress = beginProgress(request, parentCallId);
  // What is called from inside of a running call belongs to it: a stopping server lets both end.
  const leave = parentCallId === undefined ? runtime.enter() : (): void => undefined;
  try {
    const outcome = await conclude(progress, leave === undefined ? refuseStopping : stages);
    await recordOutcome(runtime, progress, outcome, operationType);
    return progress.hidden ? concealed(progress, outcome) : outcome;
  } finally {
    leave?.();
  }
}

function refuseStopping(): Promise<Released> {
  return Promise.reject(new ShuttingDownError('The server is stopping'));
}

/** Failures that are somebody's decision about the caller. */
const denials: ReadonlySet<ErrorCode> = new Set(['POLICY_DENIED', 'AUTH_INSUFFICIENT_SCOPE']);

async function conclude(
  progress: Progress,
  stages: (progress: Progress) => Promise<Released>,
): Promise<Outcome> {
  const ending = (): Pick<Outcome, 'callId' | 'durationMs' | 'policy' | 'rate'> => ({
    callId: progress.callId,
    durationMs: performance.now() - progress.startedAt,
    policy: policyReport(progress),
    ...(progress.rate && { rate: progress.rate }),
  });
  try {
    const released = await stages(progress);
    const endpoint = progress.operation?.endpoint;
    return { status: 'success', released, ...(endpoint && { endpoint }), ...ending() };
  } catch (cause) {
    const error = toMxcpError(cause);
    return { status: denials.has(error.code) ? 'denied' : 'error', error, ...ending() };
  }
}

/** What a caller sees who must not learn that the endpoint exists: exactly what an unknown name gives. */
function concealed(progress: Progress, { callId, durationMs, rate }: Outcome): Outcome {
  const error = unknownEndpoint(progress.request.kind, progress.request.name);
  const policy = { decision: 'n/a', traces: [] } as const;
  return { status: 'error', error, callId, durationMs, policy, ...(rate && { rate }) };
}
