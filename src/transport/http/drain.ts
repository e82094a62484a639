import { ShuttingDownError } from '../../errors.js';

/** Calls in flight, and the end of them (spec page 11, "Shutdown"). */
export interface Drain {
  readonly draining: () => boolean;
  /** Notes a call; the returned function must be called when it has ended. */
  readonly enter: (controller: AbortController) => () => void;
  /** Lets running calls end for `graceMs`, then cancels them, and resolves when none is left or they do not react. */
  readonly finish: (graceMs: number) => Promise<void>;
}

/** How long cancelled calls may take to react, milliseconds. */
const reactionMs = 2_000;

/** Creates a drain. */
export function createDrain(): Drain {
  const running = new Set<AbortController>();
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
    enter: (controller) => {
      running.add(controller);
      return () => {
        running.delete(controller);
        if (running.size === 0) idle?.();
      };
    },
    finish: async (graceMs) => {
      draining = true;
      await whenIdle(graceMs);
      for (const controller of running) controller.abort(new ShuttingDownError('The server is stopping'));
      await whenIdle(reactionMs);
    },
  };
}
