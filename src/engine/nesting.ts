import { ExecuteFailedError, type MxcpError } from '../errors.js';
import type { CallSession } from '../execute/call-session.js';
import type { BodyWorker } from '../execute/typescript/worker.js';
import type { JsonObject } from '../model/json.js';
import type { Outcome } from '../model/outcome.js';
import type { Operation } from './operation.js';

/** Calls below each other, the outermost included. */
const maxDepth = 5;
/** Calls that one outermost call may make, at any depth. */
const maxCalls = 100;

/**
 * What a call and all that it calls share (spec page 08, "Nested calls"): one worker and one connection, so that none of them
 * ever waits for what the ones above it hold, and one fate.
 */
export interface CallTree {
  readonly worker: BodyWorker;
  readonly session: CallSession;
  /** Calls made so far. */
  calls: number;
  /** The failure of a call inside, which nothing can make good again. */
  doom: MxcpError | undefined;
}

/** Where a call stands: which calls led to it, and what it shares with them. */
export interface Position {
  readonly parentCallId: string;
  /** The operations above, outermost first. */
  readonly above: readonly Operation[];
  readonly tree: CallTree;
}

/** Makes a call from inside of a body: as the same caller, through the whole pipeline. */
export type CallWithin = (name: string, args: JsonObject, tree: CallTree) => Promise<Outcome>;

/** Counts a call in. Throws `ExecuteFailedError` for one too many, one too deep, or one of an endpoint that is running above. */
export function enterTree({ above, tree }: Position, operation: Operation): void {
  if (above.length >= maxDepth) throw new ExecuteFailedError(`Calls nest at most ${maxDepth} deep`);
  tree.calls += 1;
  if (tree.calls > maxCalls) throw new ExecuteFailedError(`A call may make at most ${maxCalls} calls`);
  if (above.includes(operation))
    throw new ExecuteFailedError('An endpoint may not call itself, neither directly nor through others');
}
