import { OverloadedError } from '../errors.js';
import type { CallRequest } from '../model/call.js';
import type { Outcome, Released } from '../model/outcome.js';
import type { Subject } from '../policy/subject.js';
import { authorizeEarly, concealing } from './authorize-early.js';
import { startDeadline } from './deadline.js';
import { callClient, innerClient } from './elicit.js';
import type { Operation } from './operation.js';
import { noteDecision, type Progress } from './progress.js';
import { recordIntent } from './record.js';
import type { CallWithin } from './call-tree.js';
import { enterTree, type Position } from './nesting.js';
import { recorded } from './recorded.js';
import { resolve } from './resolve.js';
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
  signal: AbortSignal,
  position?: Position,
): CallWithin {
  const { caller, context } = progress.request;
  const client = innerClient(progress.request.client);
  const above = [...(position?.above ?? []), operation];
  return (name, args, tree) => {
    const request: CallRequest = {
      kind: 'tool',
      name,
      arguments: args,
      caller,
      context,
      signal,
      ...(client && { client }),
    };
    const inside: Position = { above, tree };
    return recorded(
      runtime,
      request,
      (inner) => runStages(runtime, inner, {}, inside),
      undefined,
      progress.callId,
    );
  };
}

async function runStages(
  runtime: Runtime,
  progress: Progress,
  options: BodyOptions,
  position?: Position,
): Promise<Released> {
  const { caller, context, signal } = progress.request;
  const { operation, raw } = resolve(runtime, progress.request);
  progress.operation = operation;
  if (position) enterTree(position, operation);
  const subject: Subject = { caller, request: context, endpoint: operation.subject };
  authorizeEarly(runtime, progress, operation, subject);
  const args = concealing(runtime, progress, operation, subject, () => {
    progress.args = operation.bind(raw);
    noteDecision(progress, operation.rules.authorize(subject, progress.args), 'input');
    return progress.args;
  });
  const leaveGate = enterGate(operation);
  const deadline = startDeadline(operation.endpoint.limits.timeoutMs, signal, runtime.stopping);
  try {
    const client = callClient(runtime, progress.request, operation, args, deadline);
    if (operation.executor.recordsIntent) await recordIntent(runtime, progress);
    const around = {
      callWithin: callsWithin(runtime, progress, operation, deadline.signal, position),
      ...(position && { tree: position.tree }),
      ...(client && { client }),
    };
    return await runBody({ progress, operation, subject, args, signal: deadline.signal, options, around });
  } finally {
    deadline.release();
    leaveGate?.();
  }
}

function enterGate(operation: Operation): (() => void) | undefined {
  if (operation.gate === undefined) return undefined;
  const leave = operation.gate.enter();
  if (leave) return leave;
  throw new OverloadedError('Too many calls of this endpoint are running; try again in a moment');
}
