import { stopReason, type StopSignal } from '../lib/stop-signal.js';

/** Gives a place back; further calls of it do nothing. */
export type Leave = () => void;

/** Bounds how many calls of each caller run at once, so that none takes everything that there is. */
export interface KeyedGate {
  /**
   * Takes a place, or waits for one until `signal` aborts, in the order of coming; then the promise rejects with what
   * `stopReason` says. Undefined when too many calls of this key wait already.
   */
  readonly enter: (key: string, signal: StopSignal) => Leave | Promise<Leave> | undefined;
}

interface Line {
  running: number;
  /** What lets the next ones in, first come first. */
  readonly waiting: Set<() => void>;
}

/** A gate with `places` places and `waits` places to wait for each key. It keeps nothing of keys without calls. */
export function createKeyedGate(places: number, waits: number): KeyedGate {
  const lines = new Map<string, Line>();

  function leaver(key: string, line: Line): Leave {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const [next] = line.waiting;
      if (next !== undefined) {
        next(); // takes over the place
        return;
      }
      line.running -= 1;
      if (line.running === 0) lines.delete(key);
    };
  }

  function wait(key: string, line: Line, signal: StopSignal): Promise<Leave> {
    return new Promise((resolve, reject) => {
      const start = (): void => {
        line.waiting.delete(start);
        signal.removeEventListener('abort', give);
        resolve(leaver(key, line));
      };
      const give = (): void => {
        line.waiting.delete(start);
        reject(stopReason(signal));
      };
      if (signal.aborted) {
        give();
        return;
      }
      line.waiting.add(start);
      signal.addEventListener('abort', give, { once: true });
    });
  }

  return {
    enter: (key, signal) => {
      const line = lines.get(key) ?? { running: 0, waiting: new Set() };
      lines.set(key, line);
      if (line.running >= places) return line.waiting.size < waits ? wait(key, line, signal) : undefined;
      line.running += 1;
      return leaver(key, line);
    },
  };
}
