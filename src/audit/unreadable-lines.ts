import { basename } from 'node:path';
import { readLines } from './read-lines.js';
import { readRecord } from './segment-tail.js';

/** Lines of the log that are no records. */
export interface UnreadableLines {
  readonly count: number;
  /** The first of them; file names, lines from 1. */
  readonly places: readonly { readonly file: string; readonly line: number }[];
}

export const noUnreadable: UnreadableLines = { count: 0, places: [] };

const maxPlaces = 20;

/** Finds the lines of these files that are no records. A last line without an end does not count: it may be in the making. */
export function findUnreadable(files: readonly string[]): UnreadableLines {
  const places: { file: string; line: number }[] = [];
  let count = 0;
  for (const path of files) {
    for (const { number, bytes, whole } of readLines(path)) {
      if (!whole || bytes.length === 0 || typeof readRecord(bytes)?.['timestamp'] === 'string') continue;
      count += 1;
      if (places.length < maxPlaces) places.push({ file: basename(path), line: number });
    }
  }
  return { count, places };
}
