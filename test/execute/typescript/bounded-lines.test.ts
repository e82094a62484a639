import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { readLines } from '../../../src/execute/typescript/bounded-lines.js';

it('a flood is dropped, and costs little time: each chunk is followed by a rest', async () => {
  let chunks = 0;
  const flood = new Readable({
    highWaterMark: 1,
    read() {
      chunks += 1;
      setImmediate(() => this.push(`${'x'.repeat(1023)}\n`));
    },
  });
  const lines: string[] = [];
  const began = performance.now();
  readLines(flood, 4096, (line) => lines.push(line));
  await delay(150);
  flood.destroy();
  const seconds = Math.floor((performance.now() - began) / 1000) + 2;
  expect(lines.length).toBeGreaterThanOrEqual(4);
  expect(lines.length).toBeLessThanOrEqual(4 * seconds);
  expect(chunks).toBeLessThan(4 * seconds + (performance.now() - began) / 10 + 5);
});

it('a flood of short lines is dropped as well: each of them costs the log as much as a long one', async () => {
  let told = 0;
  const began = performance.now();
  const stream = Readable.from(Array.from({ length: 20 }, () => 'a\n'.repeat(1000)));
  readLines(stream, 65_536, () => (told += 1));
  await finished(stream);
  const seconds = Math.floor((performance.now() - began) / 1000) + 2;
  expect(told).toBeGreaterThanOrEqual(1024);
  expect(told).toBeLessThanOrEqual(1024 * seconds);
});

it('what ends a line is told, also at the end of the stream', async () => {
  const lines: string[] = [];
  const stream = Readable.from(['one\ntw', 'o\n', 'three']);
  readLines(stream, 4096, (line) => lines.push(line));
  await expect.poll(() => lines).toEqual(['one', 'two', 'three']);
});
