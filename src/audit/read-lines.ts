import { closeSync, openSync, readSync } from 'node:fs';

/** One line of a file, without its end. */
export interface FileLine {
  /** From 1. */
  readonly number: number;
  readonly bytes: Buffer;
  /** False for what stands behind the last line end. */
  readonly whole: boolean;
}

const blockBytes = 1_048_576;
const newline = 0x0a;

/** The lines of a file, read in blocks, from `offset` on. `bytes` is only valid until the next line is asked for. */
export function* readLines(path: string, offset = 0): Generator<FileLine> {
  const fd = openSync(path, 'r');
  try {
    let rest = Buffer.alloc(0);
    let number = 0;
    const block = Buffer.alloc(blockBytes);
    for (let at = offset, got = readSync(fd, block, 0, blockBytes, at); got > 0;) {
      const bytes = Buffer.concat([rest, block.subarray(0, got)]);
      let start = 0;
      for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
        number += 1;
        yield { number, bytes: bytes.subarray(start, end), whole: true };
        start = end + 1;
      }
      rest = bytes.subarray(start);
      at += got;
      got = readSync(fd, block, 0, blockBytes, at);
    }
    if (rest.length > 0) yield { number: number + 1, bytes: rest, whole: false };
  } finally {
    closeSync(fd);
  }
}
