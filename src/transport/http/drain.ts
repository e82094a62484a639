import { ShuttingDownError } from '../../errors.js';
import type { StopSource } from '../../lib/stop-signal.js';

/** Calls in flight, and the end of them (spec page 11, "Shutdown"). */
export interface Drain {
  readonly draining: () => boolean;
  /** Notes a call; the returned function must be called when it has ended. */
  readonly enter: (call: Pick<StopSource, 'abort'>) => () => void;
  /** Lets running calls end for `graceMs`, then cancels them, and resolves when none is left or they do not react. */
  readonly finish: (graceMs: number) => Promise<void>;
}

/** How long cancelled calls may take to react, milliseconds. */
const reactionMs = 2_000;

/** Creates a drain. */
export function createDrain(): Drain {
  const running = new Set<Pick<StopSource, 'abort'>>();
  let idle: (() => void) | undefined;
  let draining = false;

  function whenIdle(timeoutMs: number): Promise<void> {
    if (running.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      idle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  return {
    draining: () => draining,
    enter: (call) => {
      running.add(call);
      return () => {
        running.delete(call);
        if (running.size === 0) idle?.();
      };
    },
    finish: async (graceMs) => {
      draining = true;
      await whenIdle(graceMs);
      for (const call of running) call.abort(new ShuttingDownError('The server is stopping'));
      await whenIdle(reactionMs);
    },
  };
}
