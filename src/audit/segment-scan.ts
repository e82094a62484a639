import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { JsonObject } from '../model/json.js';
import { parseSegmentName, type LogPlace, type SegmentName } from './segment-name.js';
import { positionOf, readTail } from './segment-tail.js';

/** All segments of a log, oldest first. */
export function listSegments(place: LogPlace): SegmentName[] {
  return readdirSync(place.folder)
    .map((name) => parseSegmentName(place.stem, name))
    .filter((segment) => segment !== undefined)
    .sort((left, right) => left.begun - right.begun || (left.name < right.name ? -1 : 1));
}

/** Clocks of several hosts may differ by this much without a segment being overlooked. */
const clockSlack = 60_000;
const maxNamed = 256;

/**
 * The segments that a new one has to name: those that changed since the newest was begun, because that one named what
 * was there before it. Keeps the cost of a start flat in a folder with thousands of segments.
 */
function recentSegments(place: LogPlace, self: string): SegmentName[] {
  const others = listSegments(place).filter(({ name }) => name !== self);
  const newest = others.at(-1);
  if (newest === undefined) return [];
  const since = newest.begun - clockSlack;
  return others
    .filter(
      ({ name }) => (statSync(join(place.folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0) >= since,
    )
    .slice(-maxNamed);
}

/** The last state of every other segment, as a segment's first line names it. */
export function otherStates(place: LogPlace, self: string): JsonObject[] {
  return recentSegments(place, self).flatMap(({ name }): JsonObject[] => {
    const tail = tailOf(place, name);
    if (tail === undefined) return [];
    const position = positionOf(name, tail.lastLine);
    return [position === undefined ? { segment: name, unreadable: true } : { ...position }];
  });
}

function tailOf(place: LogPlace, name: string): ReturnType<typeof readTail> | undefined {
  try {
    return readTail(join(place.folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

const settleMs = 250;

/**
 * Sets torn last lines aside: what stands behind the last line end of a segment that no one is writing goes to
 * `<segment>.torn`. Returns what was done, for the record. A line that another process is just writing is
 * whole, or gone, a moment later.
 */
export async function setTornAside(place: LogPlace): Promise<JsonObject[]> {
  const suspects = recentSegments(place, '').flatMap(({ name }) => {
    const tail = tailOf(place, name);
    return tail === undefined || tail.torn.length === 0 ? [] : [{ name, size: tail.size }];
  });
  if (suspects.length === 0) return [];
  await delay(settleMs);
  return suspects.flatMap(({ name, size }) => {
    const tail = tailOf(place, name);
    if (tail?.size !== size || tail.torn.length === 0) return [];
    return [moveTorn(place, name, tail.torn, size)];
  });
}

function moveTorn(place: LogPlace, name: string, torn: Buffer, size: number): JsonObject {
  const path = freeName(join(place.folder, name));
  writeFileSync(path, torn, { mode: 0o600, flag: 'wx', flush: true });
  truncateSync(join(place.folder, name), size - torn.length);
  const sha256 = createHash('sha256').update(torn).digest('hex');
  return { segment: name, file: path.slice(place.folder.length + 1), bytes: torn.length, sha256 };
}

function freeName(path: string): string {
  for (let index = 0; ; index += 1) {
    const name = index === 0 ? `${path}.torn` : `${path}.${index}.torn`;
    if (!existsSync(name)) return name;
  }
}
