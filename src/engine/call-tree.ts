import type { MxcpError } from '../errors.js';
import type { CallSession } from '../execute/call-session.js';
import type { BodyWorker } from '../execute/typescript/worker.js';
import type { StopSignal } from '../lib/stop-signal.js';
import type { JsonObject } from '../model/json.js';
import type { Outcome } from '../model/outcome.js';

/**
 * What a call and all that it calls share (spec page 08, "Nested calls"): one worker and one connection, so that none of them
 * ever waits for what the ones above it hold, and one fate.
 */
export interface CallTree {
  readonly worker: BodyWorker;
  readonly session: CallSession;
  /** Calls made so far. */
  calls: number;
  /** The caller's own tokens that they were given: none of them says one beside its result. */
  readonly tokens: Set<string>;
  /** The failure of a call inside, which nothing can make good again. */
  doom: MxcpError | undefined;
}

/** Makes a call from inside of a body: as the same caller, through the whole pipeline, until `signal` aborts. */
export type CallWithin = (
  name: string,
  args: JsonObject,
  tree: CallTree,
  signal: StopSignal,
) => Promise<Outcome>;
