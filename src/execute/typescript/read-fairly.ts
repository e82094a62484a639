import type { Readable } from 'node:stream';

/** Part of this thread's time that somebody may take for long. */
const share = 0.25;
/** Time that he may take beyond that at once, milliseconds. */
const burstMs = 100;

/** Keeps account of what somebody takes of this thread's time: does his work, and gives how long he has to rest after it, milliseconds. */
export function fairShare(): (work: () => void) => number {
  let debt = 0;
  let settled = performance.now();
  return (work) => {
    const started = performance.now();
    debt = Math.max(0, debt - (started - settled) * share);
    work();
    settled = performance.now();
    debt += settled - started;
    return Math.max(0, debt - burstMs) / share;
  };
}

/**
 * Hands the chunks of a stream to `take`. One that keeps this thread busy with that rests in between, so that whoever
 * floods the server waits for itself, and others do not wait for it. The function that is returned ends that: what is left
 * is taken as it comes.
 */
export function readFairly(stream: Readable, take: (chunk: Buffer) => void): () => void {
  const spend = fairShare();
  let mayRest = true;
  stream.on('data', (chunk: Buffer) => {
    const restMs = spend(() => take(chunk));
    if (restMs === 0 || !mayRest) return;
    stream.pause();
    setTimeout(() => stream.resume(), restMs).unref();
  });
  return () => {
    mayRest = false;
    stream.resume();
  };
}
