import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readLines } from './read-lines.js';
import { listSegments } from './segment-scan.js';
import { logPlace } from './segment-name.js';
import { readRecord, readTail } from './segment-tail.js';

/** A call may have begun this long before the segment that has its record. */
const longestCallMs = 86_400_000;

/** When the newest record of a segment was made, by its id (UUID version 7); undefined when that cannot be read. */
export function newestRecordTime(path: string): number | undefined {
  const { lastLine } = readTail(path);
  const id = lastLine === undefined ? undefined : readRecord(lastLine)?.['record_id'];
  const hex = typeof id === 'string' ? /^([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(id) : null;
  return hex === null ? undefined : Number.parseInt(`${hex[1] ?? ''}${hex[2] ?? ''}`, 16);
}

function isOlder(path: string, since: number): boolean {
  const newest = newestRecordTime(path);
  return newest !== undefined && newest < since;
}

/**
 * True when a segment was begun so late that it has no record of a call before `until`. Where the clock has gone back, its
 * name is in the future, so that segments stay in order, and its first record tells.
 */
function beganAfter(path: string, begun: number, until: number): boolean {
  const latest = until + longestCallMs;
  return begun >= latest && !(firstRecordTime(path) < latest);
}

/** The time in the first record of a segment, milliseconds since the Unix epoch; NaN when it cannot be read. */
function firstRecordTime(path: string): number {
  for (const { bytes } of readLines(path)) return Date.parse(String(readRecord(bytes)?.['timestamp']));
  return Number.NaN;
}

/**
 * Absolute paths of the files of a log that can have records of a time range: segments by their name and their last
 * record, and the file of the Python program if there is one. None when there is no log.
 */
export function touchedFiles(path: string, since: number | undefined, until: number | undefined): string[] {
  const place = logPlace(path);
  if (!existsSync(place.folder)) return [];
  const segments = listSegments(place)
    .map(({ name, begun }) => ({ begun, path: join(place.folder, name) }))
    .filter(({ path: file, begun }) => until === undefined || !beganAfter(file, begun, until))
    .map(({ path: file }) => file)
    .filter((file) => since === undefined || !isOlder(file, since));
  const legacy = join(place.folder, `${place.stem}.jsonl`);
  return existsSync(legacy) ? [legacy, ...segments] : segments;
}
