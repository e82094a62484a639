import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { nowMicros } from '../lib/now-micros.js';
import { osUser } from '../lib/os-user.js';
import { headBeatMs } from './chain-writer.js';
import type { AuditEntry } from './entry.js';
import { hasHead, headFolder, removeHead } from './head-file.js';
import { newestRecordTime } from './log-files.js';
import { openAuditLog, type AuditLogOptions } from './open-audit-log.js';
import { readLines } from './read-lines.js';
import { cleanupOperation, readRetired } from './segment-head-line.js';
import { logPlace, type LogPlace, type SegmentName } from './segment-name.js';
import { listSegments } from './segment-scan.js';
import { positionOf, readRecord, readTail, type ChainPosition } from './segment-tail.js';
import { formatMicros } from './timestamp.js';
import { readFirstLine } from './verify-segment.js';

export interface CleanResult {
  /** Names of the segments that were, or with a dry run would be, deleted. */
  readonly deleted: readonly string[];
  readonly bytes: number;
  /** Old segments that stay because their end cannot be read: `log verify` says more. */
  readonly unreadable: readonly string[];
}

interface Expired {
  readonly name: string;
  readonly bytes: number;
  /** Undefined: its writer ended before the first record. */
  readonly position: ChainPosition | undefined;
}

const dayMs = 86_400_000;
/** Bytes of one note in a record, with room to spare: a record that is too long would lose them. */
const noteBytes = 512;

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** A writer shows that it lives by replacing its head at least hourly; after two missed beats it is gone. */
function isCurrent(place: LogPlace, segment: SegmentName, all: readonly SegmentName[], now: number): boolean {
  if (all.some(({ writer, begun }) => writer === segment.writer && begun > segment.begun)) return false;
  const path = join(place.folder, segment.name);
  return now - Math.max(modified(path), modified(`${path}.head`)) < 2 * headBeatMs;
}

function findExpired(
  place: LogPlace,
  headFolders: readonly string[],
  before: number,
  now: number,
): { expired: Expired[]; unreadable: string[] } {
  const all = listSegments(place);
  const expired: Expired[] = [];
  const unreadable: string[] = [];
  for (const segment of all) {
    const path = join(place.folder, segment.name);
    const newest = newestRecordTime(path) ?? modified(path);
    if (newest >= before || isCurrent(place, segment, all, now)) continue;
    const position = positionOf(segment.name, readTail(path).lastLine);
    const bytes = statSync(path).size;
    const neverBegun = bytes === 0 && !hasHead(headFolders, segment.name);
    if (position === undefined && !neverBegun) unreadable.push(segment.name);
    else expired.push({ name: segment.name, bytes, position });
  }
  return { expired, unreadable };
}

/** Notes of earlier cleanups that go now, as far as segments that stay still name what they are about. */
function notesToKeep(place: LogPlace, expired: readonly Expired[]): ChainPosition[] {
  const going = new Set(expired.map(({ name }) => name));
  const named = new Set<string>();
  for (const { name } of listSegments(place)) {
    const first = going.has(name) ? undefined : readFirstLine(place.folder, name);
    for (const other of first?.others ?? []) named.add(other.segment);
    if (first?.previous !== undefined) named.add(first.previous.segment);
  }
  return expired
    .flatMap(({ name }) => notesOf(join(place.folder, name)))
    .filter(({ segment }) => named.has(segment));
}

function notesOf(path: string): ChainPosition[] {
  const notes: ChainPosition[] = [];
  for (const { bytes, whole } of readLines(path)) {
    if (!whole || !bytes.includes(`"operation_name":"${cleanupOperation}"`)) continue;
    notes.push(...readRetired(readRecord(bytes) ?? {}));
  }
  return notes;
}

function noteEntry(segments: readonly ChainPosition[], before: number): AuditEntry {
  return {
    timestamp: formatMicros(nowMicros()),
    operation_type: 'admin',
    operation_name: cleanupOperation,
    operation_status: 'success',
    caller_type: 'cli',
    duration_ms: 0,
    policy_decision: 'n/a',
    identity_source: 'asserted',
    os_user: osUser(),
    input_data: { before: formatMicros(before * 1000), segments: segments.map((one) => ({ ...one })) },
  };
}

async function writeNotes(
  options: AuditLogOptions,
  notes: readonly ChainPosition[],
  before: number,
): Promise<void> {
  const settings = { ...options.settings, enabled: true };
  const notesPerRecord = Math.max(1, Math.floor(settings.maxRecordBytes / noteBytes));
  const log = await openAuditLog({ ...options, settings, reserve: false, transport: 'cli' });
  try {
    for (let at = 0; at < notes.length; at += notesPerRecord) {
      await log.append(noteEntry(notes.slice(at, at + notesPerRecord), before));
    }
  } finally {
    await log.close();
  }
}

function deleteSegment(place: LogPlace, name: string, headFolders: readonly string[]): void {
  rmSync(join(place.folder, name), { force: true });
  removeHead(headFolders, name);
  for (const file of readdirSync(place.folder)) {
    if (file.startsWith(`${name}.`) && file.endsWith('.torn'))
      rmSync(join(place.folder, file), { force: true });
  }
}

/**
 * Deletes the segments whose newest record is older than `audit.retention_days`, never one that a writer still uses, after
 * recording which these are, so that verification goes on to pass (spec page 05, "Retention"). Rejects with
 * `AuditUnavailableError` when that cannot be recorded; then nothing is deleted.
 */
export async function cleanLog(options: AuditLogOptions, dryRun: boolean): Promise<CleanResult> {
  const place = logPlace(options.settings.path);
  const now = (options.now ?? Date.now)();
  const before = now - options.settings.retentionDays * dayMs;
  const state = options.stateDirectory;
  const headFolders = [place.folder, ...(state === undefined ? [] : [headFolder(state, place)])];
  const { expired, unreadable } = existsSync(place.folder)
    ? findExpired(place, headFolders, before, now)
    : { expired: [], unreadable: [] };
  const result = {
    deleted: expired.map(({ name }) => name),
    bytes: expired.reduce((sum, { bytes }) => sum + bytes, 0),
    unreadable,
  };
  if (dryRun || expired.length === 0) return result;
  const notes = [...notesToKeep(place, expired), ...expired.flatMap(({ position }) => position ?? [])];
  if (notes.length > 0) await writeNotes(options, notes, before);
  for (const { name } of expired) deleteSegment(place, name, headFolders);
  return result;
}
