import { ExecuteFailedError } from '../errors.js';
import type { CallTree } from './call-tree.js';
import type { ExecuteCall } from './executor.js';
import { lateDenial } from './late-denial.js';
import type { Operation } from './operation.js';

/** Calls below each other, the outermost included. */
const maxDepth = 5;
/** Calls that one outermost call may make, at any depth. */
const maxCalls = 100;

/** Where a call stands: which calls led to it, and what it shares with them. */
export interface Position {
  /** The operations above, outermost first. */
  readonly above: readonly Operation[];
  readonly tree: CallTree;
  /** The `outlives` of the call above. */
  readonly outlives: ExecuteCall['outlives'];
}

/** Counts a call in, whatever becomes of it, before it leaves a record. Throws `ExecuteFailedError` for one too many. */
export function countCall(tree: CallTree): void {
  tree.calls += 1;
  if (tree.calls > maxCalls) throw new ExecuteFailedError(`A call may make at most ${maxCalls} calls`);
}

/** Throws `ExecuteFailedError` for a call too deep, or of an endpoint that is running above. */
export function enterTree({ above }: Position, operation: Operation): void {
  if (above.length >= maxDepth) throw new ExecuteFailedError(`Calls nest at most ${maxDepth} deep`);
  if (above.includes(operation))
    throw new ExecuteFailedError('An endpoint may not call itself, neither directly nor through others');
}

/** True when a call above may be denied after the calls that it makes have run. */
export function mustBeUndoable({ above }: Position): boolean {
  return above.some(({ endpoint }) => lateDenial(endpoint) !== undefined);
}
