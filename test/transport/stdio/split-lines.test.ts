import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLineSplitter } from '../../../src/transport/stdio/split-lines.js';

function split(chunks: readonly Buffer[], maxBytes: number) {
  const seen: string[] = [];
  const splitter = createLineSplitter(
    maxBytes,
    (line) => seen.push(line.toString()),
    () => seen.push('OVERFLOW'),
  );
  for (const chunk of chunks) splitter.push(chunk);
  return seen;
}

describe('lines of a stream', () => {
  it('are the same however the stream is cut into chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z]{0,5}$/)),
        fc.array(fc.integer({ min: 1, max: 4 })),
        (lines, cuts) => {
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
          const chunks: Buffer[] = [];
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const size = cuts[i % Math.max(1, cuts.length)] ?? 3;
            chunks.push(bytes.subarray(at, at + size));
            at += size;
          }
          expect(split(chunks, 100)).toEqual(lines);
        },
      ),
    );
  });

  it('that are too long are reported once and not kept, and the next line is read', () => {
    const chunks = ['aaaa', 'aaaa', 'aaaa\nok\n'].map((text) => Buffer.from(text));
    expect(split(chunks, 6)).toEqual(['OVERFLOW', 'ok']);
  });
});
