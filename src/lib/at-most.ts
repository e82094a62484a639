import { setTimeout as delay } from 'node:timers/promises';

/** Waits for work, but no longer than some milliseconds; rejects when the work does until then. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  const late = delay(ms, undefined, { signal: timer.signal }).catch(() => undefined);
  await Promise.race([work, late]).finally(() => timer.abort());
}
