import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { isObject } from '../lib/is-object.js';
import { readSeal } from './seal.js';

/** The end of a segment: its last whole line, and the bytes behind it that never became one. */
export interface SegmentTail {
  readonly size: number;
  readonly lastLine: Buffer | undefined;
  readonly torn: Buffer;
}

const blockBytes = 8192;
const newline = 0x0a;

function readBlock(fd: number, from: number, to: number): Buffer {
  const block = Buffer.alloc(to - from);
  const got = readSync(fd, block, 0, block.length, from);
  return block.subarray(0, got);
}

function splitTail(bytes: Buffer, size: number, whole: boolean): SegmentTail | undefined {
  const end = bytes.lastIndexOf(newline);
  if (end === -1) return whole ? { size, lastLine: undefined, torn: bytes } : undefined;
  const start = end === 0 ? -1 : bytes.lastIndexOf(newline, end - 1);
  if (start === -1 && !whole) return undefined;
  return { size, lastLine: bytes.subarray(start + 1, end), torn: bytes.subarray(end + 1) };
}

/** Reads the end of a segment, from behind, in blocks. Throws what the file system throws. */
export function readTail(path: string): SegmentTail {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    for (let length = blockBytes; ; length *= 2) {
      const from = Math.max(0, size - length);
      const tail = splitTail(readBlock(fd, from, size), size, from === 0);
      if (tail !== undefined) return tail;
    }
  } finally {
    closeSync(fd);
  }
}

/** A place in a chain: the last record of a segment. */
export interface ChainPosition {
  readonly segment: string;
  readonly seq: number;
  readonly record_hash: string;
}

/** Where the chain of a segment stood, from its last whole line; undefined when that is no record of ours. */
export function positionOf(segment: string, line: Buffer | undefined): ChainPosition | undefined {
  const seal = line === undefined ? undefined : readSeal(line);
  const seq = line === undefined ? undefined : readRecord(line)?.['seq'];
  return seal === undefined || typeof seq !== 'number' ? undefined : { segment, seq, record_hash: seal.hash };
}

/** A line as a record; undefined when it is not a JSON object. */
export function readRecord(line: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
