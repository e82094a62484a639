import { ExecuteFailedError } from '../errors.js';
import type { CallTree } from './call-tree.js';
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
}

/** Counts a call in. Throws `ExecuteFailedError` for one too many, one too deep, or one of an endpoint that is running above. */
export function enterTree({ above, tree }: Position, operation: Operation): void {
  if (above.length >= maxDepth) throw new ExecuteFailedError(`Calls nest at most ${maxDepth} deep`);
  tree.calls += 1;
  if (tree.calls > maxCalls) throw new ExecuteFailedError(`A call may make at most ${maxCalls} calls`);
  if (above.includes(operation))
    throw new ExecuteFailedError('An endpoint may not call itself, neither directly nor through others');
}
