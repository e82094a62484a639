import { call } from '../../engine/pipeline.js';
import { type MxcpError, toMxcpError } from '../../errors.js';
import type { Runtime } from '../../engine/runtime.js';
import type { StopSignal } from '../../lib/stop-signal.js';
import type { ClientChannel, ClientRounds, RequestContext } from '../../model/call.js';
import type { EndpointKind } from '../../model/rule.js';
import type { Outcome } from '../../model/outcome.js';
import type { Session } from './session.js';

/** What a message asks for. */
export interface Wish {
  readonly kind: EndpointKind;
  /** Name of a tool or prompt; the concrete URI of a resource. */
  readonly name: string;
  readonly arguments: unknown;
  /** Raw `params._meta`. */
  readonly meta: unknown;
  readonly signal: StopSignal;
  /** Absent on the direct path, where nothing but the answer is sent. */
  readonly client?: ClientChannel;
  readonly rounds?: ClientRounds | undefined;
}

/** How a wish ended. */
export type Ended = Outcome & { status: 'success' };

/** A call that did not succeed, and the id that finds it in log and audit. */
export interface Failed {
  readonly status: 'failed';
  readonly error: MxcpError;
  readonly callId: string;
}

/** Failures that HTTP tells by its status, so that clients sign in, ask for more rights, wait, or offer what they lack. */
const refusals: ReadonlySet<MxcpError['code']> = new Set([
  'AUTH_CREDENTIAL_REQUIRED',
  'AUTH_CREDENTIAL_INVALID',
  'AUTH_INSUFFICIENT_SCOPE',
  'CALL_RATE_LIMITED',
]);

function fail(session: Session, error: MxcpError, callId: string): Failed {
  const lacking = error.code === 'ELICIT_UNAVAILABLE' && session.era === 'modern';
  if (lacking || refusals.has(error.code)) session.refuse?.(error, callId);
  return { status: 'failed', error, callId };
}

/** Waits for an outcome; a call that could not be recorded has none, and fails with the id of its message. */
export async function settle(
  session: Session,
  context: RequestContext,
  outcome: Promise<Outcome>,
): Promise<Ended | Failed> {
  try {
    const ended = await outcome;
    if (ended.rate) session.noteRate?.(ended.rate);
    return ended.status === 'success' ? ended : fail(session, ended.error, ended.callId);
  } catch (error) {
    const known = toMxcpError(error);
    session.logger.error({ err: known, request_id: context.id }, 'a call could not be recorded');
    return fail(session, known, context.id);
  }
}

/** Steps 2 and 3 of a call (spec page 01): protocol params → `CallRequest` → outcome. Knows nothing of rules. */
export function runCall(session: Session, runtime: Runtime, wish: Wish): Promise<Ended | Failed> {
  const { meta, rounds, ...asked } = wish;
  const context = session.context(meta);
  return settle(
    session,
    context,
    call(runtime, { ...asked, ...(rounds && { rounds }), caller: session.caller, context }),
  );
}
