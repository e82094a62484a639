import type { Readable } from 'node:stream';

const maxLine = 2000;
/** Characters for each of which on average a line may be told: a short line costs the log as much as a long one. */
const perLine = 64;
/** How long the stream waits after each chunk that is dropped, milliseconds. */
const restMs = 10;

/**
 * Reads lines of a stream for the log. Long lines are cut, and what comes faster than `perSecond` characters, or a line for
 * each 64 of them, is dropped, so that nothing that a body prints can fill memory or the log. To drop costs time, too: it
 * goes chunk by chunk with a rest.
 */
export function readLines(stream: Readable, perSecond: number, line: (text: string) => void): void {
  let rest = '';
  let left = perSecond;
  let linesLeft = perSecond / perLine;
  let second = 0;
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const now = Math.floor(Date.now() / 1000);
    if (now !== second) {
      left = perSecond;
      linesLeft = perSecond / perLine;
    }
    second = now;
    const taken = linesLeft > 0 ? chunk.slice(0, Math.max(0, left)) : '';
    left -= taken.length;
    const lines = (rest + taken).split('\n');
    rest = (lines.pop() ?? '').slice(0, maxLine);
    for (const text of lines) if (text !== '' && linesLeft-- > 0) line(text.slice(0, maxLine));
    if (left > 0 && linesLeft > 0) return;
    stream.pause();
    setTimeout(() => stream.resume(), restMs).unref();
  });
  stream.on('end', () => {
    if (rest !== '') line(rest);
  });
  stream.on('error', () => undefined); // the worker is gone; its end is told by the process
}
