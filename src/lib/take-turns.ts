import { performance } from 'node:perf_hooks';
import { setImmediate as othersFirst } from 'node:timers/promises';

/** How long work may keep the thread to itself, milliseconds. */
const turnMs = 20;

/**
 * For work in many small steps, each of which may be slow. Asked between two of them: undefined while the turn lasts, else
 * what to await so that others have theirs, and then the next one begins.
 */
export function takeTurns(): () => Promise<void> | undefined {
  let began = performance.now();
  return () => {
    if (performance.now() - began < turnMs) return undefined;
    return othersFirst().then(() => {
      began = performance.now();
    });
  };
}
