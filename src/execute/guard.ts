import type { DuckDBConnection } from '@duckdb/node-api';
import { stopReason, type StopSignal } from '../lib/stop-signal.js';

/** How long a stopped query may take to end before its caller is answered without it, milliseconds. */
const graceMs = 120;
/** An interrupt that comes just before a statement starts is lost, so it is repeated. Milliseconds. */
const repeatMs = 10;

/**
 * Runs work on a connection that an abort interrupts. The promise rejects with the abort's reason at most `graceMs` after
 * it, also when DuckDB goes on; `work` itself always runs to its end, whoever waits for it.
 */
export function interruptible<T>(
  connection: DuckDBConnection,
  signal: StopSignal,
  work: Promise<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let ticking: NodeJS.Timeout | undefined;
    let grace: NodeJS.Timeout | undefined;
    const stop = (): void => {
      connection.interrupt();
      ticking = setInterval(() => connection.interrupt(), repeatMs);
      grace = setTimeout(() => reject(stopReason(signal)), graceMs);
    };
    const end = (): void => {
      signal.removeEventListener('abort', stop);
      clearInterval(ticking);
      clearTimeout(grace);
    };
    work.then(
      (value) => {
        end();
        if (signal.aborted) reject(stopReason(signal));
        else resolve(value);
      },
      (error: unknown) => {
        end();
        if (signal.aborted) reject(stopReason(signal));
        else reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
