import { OverloadedError } from '../errors.js';
import type { StopSignal } from '../lib/stop-signal.js';
import type { Leave } from '../limit/keyed-gate.js';
import type { CallRequest } from '../model/call.js';
import type { Outcome, Released } from '../model/outcome.js';
import type { Subject } from '../policy/subject.js';
import { authorizeEarly, concealing } from './authorize-early.js';
import { chargeCall, enterPlace } from './charge.js';
import { startDeadline } from './deadline.js';
import { callClient, innerClient, spendState } from './elicit.js';
import { holdsBack } from './holds-back.js';
import type { Operation } from './operation.js';
import { noteDecision, type Progress } from './progress.js';
import { permit } from './permit.js';
import { recordIntent } from './record.js';
import type { CallWithin } from './call-tree.js';
import { externalTokenOf } from './external-token.js';
import { enterTree, mustBeUndoable, type Position } from './nesting.js';
import { recorded } from './recorded.js';
import { resolve, type Resolved } from './resolve.js';
import { runBody, type BodyOptions } from './run-body.js';
import type { Runtime } from './runtime.js';

/**
 * Runs one endpoint for one caller: the only way to run anything (spec page 01, "The path of one tool call"). Every ending
 * becomes an `Outcome`, which is on record before it is returned. Throws only `AUDIT_UNAVAILABLE`: then nothing may be
 * released.
 */
export async function call(
  runtime: Runtime,
  request: CallRequest,
  options: BodyOptions = {},
): Promise<Outcome> {
  return recorded(runtime, request, (progress) => runStages(runtime, progress, options));
}

/** Calls from inside of a body: the whole pipeline once more, with a record of its own. */
function callsWithin(
  runtime: Runtime,
  progress: Progress,
  operation: Operation,
  outlives: Position['outlives'],
  position?: Position,
): CallWithin {
  const { caller, context, http } = progress.request;
  const client = innerClient(progress.request.client, holdsBack(operation));
  const above = [...(position?.above ?? []), operation];
  return (name, args, tree, signal) => {
    const request: CallRequest = {
      kind: 'tool',
      name,
      arguments: args,
      caller,
      context,
      signal,
      ...(client && { client }),
      ...(http && { http }),
    };
    const inside: Position = { above, tree, outlives };
    return recorded(
      runtime,
      request,
      (inner) => runStages(runtime, inner, {}, inside),
      undefined,
      progress.callId,
    );
  };
}

/** Finds the operation and counts the call, of a name that does not exist too. Calls inside of a call are not counted. */
async function resolveCharged(runtime: Runtime, progress: Progress, inside: boolean): Promise<Resolved> {
  const { caller, context } = progress.request;
  let found: Resolved | undefined;
  try {
    found = resolve(runtime, progress.request);
    return found;
  } finally {
    progress.operation = found?.operation;
    if (!inside) progress.rate = await chargeCall(runtime, caller, context, progress.operation);
  }
}

async function runStages(
  runtime: Runtime,
  progress: Progress,
  options: BodyOptions,
  position?: Position,
): Promise<Released> {
  const { caller, context, signal } = progress.request;
  const { operation, raw } = await resolveCharged(runtime, progress, position !== undefined);
  permit(runtime, progress, operation);
  if (position) enterTree(position, operation);
  const subject: Subject = { caller, request: context, endpoint: operation.subject };
  authorizeEarly(runtime, progress, operation, subject);
  const args = concealing(runtime, progress, operation, subject, () => {
    progress.args = operation.bind(raw);
    noteDecision(progress, operation.rules.authorize(subject, progress.args), 'input');
    return progress.args;
  });
  const deadline = startDeadline(operation.endpoint.limits.timeoutMs, signal, runtime.stopping);
  const outliving: Promise<unknown>[] = [];
  const outlives = (work: Promise<unknown>): void => {
    outliving.push(work);
    position?.outlives(work);
  };
  let leaveGates: Leave | undefined;
  try {
    leaveGates = await enterGates(runtime, progress, operation, deadline.signal, position !== undefined);
    const client = callClient(runtime, progress.request, operation, args, deadline);
    await spendState(runtime, progress.request);
    if (operation.executor.recordsIntent) await recordIntent(runtime, progress);
    const externalToken = externalTokenOf(runtime, caller, deadline.signal);
    const around = {
      outlives,
      callWithin: callsWithin(runtime, progress, operation, outlives, position),
      ...(position && { tree: position.tree, undoable: mustBeUndoable(position) }),
      ...(client && { client }),
      ...(externalToken && { externalToken }),
      ...(progress.request.http && { http: progress.request.http }),
    };
    return await runBody({ progress, operation, subject, args, signal: deadline.signal, options, around });
  } finally {
    deadline.release();
    // Nobody can stop some queries: their places stay taken while they run, though their callers are answered.
    if (outliving.length === 0) leaveGates?.();
    else void Promise.allSettled(outliving).then(leaveGates);
  }
}

/** Takes a place of the caller, whom calls inside of his call cost none, and one of the endpoint. */
async function enterGates(
  runtime: Runtime,
  { request }: Progress,
  operation: Operation,
  signal: StopSignal,
  inside: boolean,
): Promise<Leave> {
  const entered = inside ? undefined : enterPlace(runtime, request, signal);
  const leavePlace = entered instanceof Promise ? await entered : entered;
  try {
    const leaveGate = enterGate(operation);
    return () => {
      leaveGate?.();
      leavePlace?.();
    };
  } catch (error) {
    leavePlace?.();
    throw error;
  }
}

function enterGate(operation: Operation): (() => void) | undefined {
  if (operation.gate === undefined) return undefined;
  const leave = operation.gate.enter();
  if (leave) return leave;
  throw new OverloadedError('Too many calls of this endpoint are running; try again in a moment');
}
