import { join } from 'node:path';
import { hashLine, readSeal, type Seal } from './seal.js';
import { readLines } from './read-lines.js';
import { readRetired, readSegmentHeadLine, type SegmentHeadLine } from './segment-head-line.js';
import { readRecord, type ChainPosition } from './segment-tail.js';
import type { SignatureCheck } from './sign.js';
import { foreignKey, type Finding } from './verify-report.js';

/** A record that some head or other segment says exists. */
export interface Anchor extends ChainPosition {
  /** Who says so. */
  readonly by: string;
}

/** A call that has started and has no outcome so far. */
export interface OpenCall {
  readonly callId: string;
  readonly file: string;
  readonly line: number;
  readonly timestamp: string;
}

/** State of a verification; one object for all segments. */
export interface VerifyState {
  readonly folder: string;
  readonly check: SignatureCheck;
  readonly anchors: ReadonlyMap<string, readonly Anchor[]>;
  readonly report: (finding: Finding) => void;
  readonly open: Map<string, OpenCall>;
  readonly retired: Map<string, ChainPosition>;
  /** Segments with bytes behind their last line end: a line that is being written, or that a power cut tore. */
  readonly unfinished: string[];
  records: number;
  unchecked: number;
  /** Those among them that have a signature. */
  signed: number;
}

interface Follow {
  readonly name: string;
  previous: ChainPosition | undefined;
  /** False after a line that could not be read: the next one cannot be checked against it. */
  known: boolean;
}

type LineFinding = (message: string) => void;

function checkSeal(state: VerifyState, bytes: Buffer, seal: Seal, broken: LineFinding): boolean {
  if (hashLine(bytes, seal) !== seal.hash) {
    broken('the record does not have the hash that it names: it was changed');
    return false;
  }
  const answer = state.check(seal.hash, seal.signature ?? '');
  if (answer === 'no-key') {
    state.unchecked += 1;
    if (seal.signature !== undefined) state.signed += 1;
  }
  if (answer === 'invalid') {
    broken(seal.signature === undefined ? 'the record is not signed' : `the signature ${foreignKey}`);
  }
  return answer !== 'invalid';
}

function checkPlace(follow: Follow, record: Readonly<Record<string, unknown>>, broken: LineFinding): void {
  const due = (follow.previous?.seq ?? 0) + 1;
  if (record['seq'] !== due) broken(`record ${String(record['seq'])} stands where record ${due} is due`);
  else if (record['prev_hash'] !== (follow.previous?.record_hash ?? null)) {
    broken('the record does not name its predecessor');
  }
}

function checkAnchors(state: VerifyState, at: ChainPosition, broken: LineFinding): void {
  for (const anchor of state.anchors.get(at.segment) ?? []) {
    if (anchor.seq === at.seq && anchor.record_hash !== at.record_hash) {
      broken(`record ${at.seq} is not the one that ${anchor.by} names`);
    }
  }
}

function followCall(
  state: VerifyState,
  record: Readonly<Record<string, unknown>>,
  place: { file: string; line: number },
): void {
  const { call_id: callId, operation_status: status, timestamp } = record;
  if (typeof callId !== 'string') return;
  if (status !== 'started') state.open.delete(callId);
  else
    state.open.set(callId, { ...place, callId, timestamp: typeof timestamp === 'string' ? timestamp : '' });
}

function checkLine(state: VerifyState, follow: Follow, bytes: Buffer, line: number): void {
  const broken: LineFinding = (message) => state.report({ kind: 'broken', file: follow.name, line, message });
  const seal = readSeal(bytes);
  const record = readRecord(bytes);
  if (seal === undefined || record === undefined || typeof record['seq'] !== 'number') {
    broken(record === undefined ? 'the line is not a record' : 'the record has no place in the chain');
    follow.known = false;
    return;
  }
  state.records += 1;
  const genuine = checkSeal(state, bytes, seal, broken);
  if (follow.known) checkPlace(follow, record, broken);
  const at = { segment: follow.name, seq: record['seq'], record_hash: seal.hash };
  checkAnchors(state, at, broken);
  if (genuine) for (const retired of readRetired(record)) state.retired.set(retired.segment, retired);
  followCall(state, record, { file: follow.name, line });
  follow.previous = at;
  follow.known = true;
}

/** The first line of a segment, as it stands there; undefined when it is not one. */
export function readFirstLine(folder: string, name: string): SegmentHeadLine | undefined {
  for (const { bytes } of readLines(join(folder, name))) {
    const record = readRecord(bytes);
    return record === undefined ? undefined : readSegmentHeadLine(record);
  }
  return undefined;
}

/**
 * Checks every record of a segment, beginning behind `previous`; findings go to the state's `report`. Gives the last record,
 * as far as the segment could be followed.
 */
export function verifySegment(
  state: VerifyState,
  name: string,
  previous: ChainPosition | undefined,
): ChainPosition | undefined {
  const follow: Follow = { name, previous, known: true };
  for (const { number, bytes, whole } of readLines(join(state.folder, name))) {
    if (whole) checkLine(state, follow, bytes, number);
    else state.unfinished.push(name);
  }
  return follow.previous?.segment === name ? follow.previous : undefined;
}
