import { ShuttingDownError } from '../errors.js';
import { StopSource, type StopSignal } from '../lib/stop-signal.js';

/** Counts running calls, so that closing can wait for them. */
export interface InFlight {
  readonly enter: () => (() => void) | undefined;
  readonly count: () => number;
  readonly open: () => boolean;
  /** Aborts when running calls are to be cancelled. */
  readonly signal: StopSignal;
  /** Refuses new calls; resolves when all have ended. Those that run longer than `graceMs` are cancelled. */
  readonly drain: (graceMs: number) => Promise<void>;
}

/** Counts from zero. */
export function countInFlight(): InFlight {
  let running = 0;
  let draining = false;
  let idle: (() => void) | undefined;
  const stop = new StopSource();
  const leave = (): void => {
    running -= 1;
    if (running === 0) idle?.();
  };
  return {
    enter: () => {
      if (draining) return undefined;
      running += 1;
      return leave;
    },
    count: () => running,
    open: () => !draining,
    signal: stop,
    drain: async (graceMs) => {
      draining = true;
      if (running === 0) return;
      const cancel = setTimeout(() => stop.abort(new ShuttingDownError('The server is stopping')), graceMs);
      await new Promise<void>((resolve) => (idle = resolve));
      clearTimeout(cancel);
    },
  };
}
