import { existsSync } from 'node:fs';
import { join } from 'node:path';
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
 * Absolute paths of the files of a log that can have records of a time range: segments by their name and their last
 * record, and the file of the Python program if there is one. None when there is no log.
 */
export function touchedFiles(path: string, since: number | undefined, until: number | undefined): string[] {
  const place = logPlace(path);
  if (!existsSync(place.folder)) return [];
  const segments = listSegments(place)
    .filter(({ begun }) => until === undefined || begun < until + longestCallMs)
    .map(({ name }) => join(place.folder, name))
    .filter((file) => since === undefined || !isOlder(file, since));
  const legacy = join(place.folder, `${place.stem}.jsonl`);
  return existsSync(legacy) ? [legacy, ...segments] : segments;
}
