import type { Readable } from 'node:stream';

/** Part of this thread's time that one stream may take for long. */
const share = 0.25;
/** Time that it may take beyond that at once, milliseconds. */
const burstMs = 100;

/**
 * Hands the chunks of a stream to `take`. One that keeps this thread busy with that rests in between, so that whoever
 * floods the server waits for itself, and others do not wait for it. The function that is returned ends that: what is left
 * is taken as it comes.
 */
export function readFairly(stream: Readable, take: (chunk: Buffer) => void): () => void {
  let debt = 0;
  let settled = performance.now();
  let mayRest = true;
  stream.on('data', (chunk: Buffer) => {
    const started = performance.now();
    debt = Math.max(0, debt - (started - settled) * share);
    take(chunk);
    settled = performance.now();
    debt += settled - started;
    if (debt <= burstMs || !mayRest) return;
    stream.pause();
    setTimeout(() => stream.resume(), (debt - burstMs) / share).unref();
  });
  return () => {
    mayRest = false;
    stream.resume();
  };
}
