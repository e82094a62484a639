import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readFairly } from '../../../src/execute/typescript/read-fairly.js';

function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Reads so many chunks, of which each takes some milliseconds. Gives how long that took, and how long it rested. */
async function read(chunks: number, ms: number): Promise<{ spent: number; all: number; heard: string }> {
  const stream = new PassThrough({ highWaterMark: 1 });
  let spent = 0;
  let heard = '';
  readFairly(stream, (chunk) => {
    const started = performance.now();
    busy(ms);
    heard += chunk.toString();
    spent += performance.now() - started;
  });
  const started = performance.now();
  for (let i = 0; i < chunks; i++) if (!stream.write(String(i % 10))) await once(stream, 'drain');
  stream.end();
  await once(stream, 'end');
  return { spent, all: performance.now() - started, heard };
}

describe('a stream that is read fairly', () => {
  it('takes a quarter of the time for long, and nothing of it is lost', async () => {
    const alive = setInterval(() => undefined, 1000);
    const { spent, all, heard } = await read(30, 20);
    clearInterval(alive);
    expect(heard).toBe('0123456789'.repeat(3));
    expect(all).toBeGreaterThan((spent - 150) * 3);
  });

  it('never rests while it takes little', async () => {
    const stream = new PassThrough();
    let chunks = 0;
    readFairly(stream, () => (chunks += 1));
    for (let i = 0; i < 1000; i++) {
      stream.write('x');
      expect(stream.isPaused()).toBe(false);
    }
    stream.end();
    await once(stream, 'end');
    expect(chunks).toBeGreaterThan(0);
  });

  it('does not rest any more when it is to end', async () => {
    const stream = new PassThrough();
    const finish = readFairly(stream, () => busy(150));
    stream.write('a');
    expect(stream.isPaused()).toBe(true);
    const taken = once(stream, 'data');
    stream.write('b');
    finish();
    await taken;
    expect(stream.isPaused()).toBe(false);
  });
});
