import { segmentOperation } from './chain-writer.js';
import type { ChainPosition } from './segment-tail.js';

/** A torn line that was set aside when a writer started. */
export interface TornNote {
  readonly segment: string;
  readonly file: string;
  readonly sha256: string;
}

/** What the first line of a segment says about the folder (spec page 05, "Tamper evidence"). */
export interface SegmentHeadLine {
  readonly segment: string;
  readonly previous: ChainPosition | undefined;
  readonly others: readonly ChainPosition[];
  readonly torn: readonly TornNote[];
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** Reads a chain position; undefined when the value is none. */
export function readPosition(value: unknown): ChainPosition | undefined {
  const { segment, seq, record_hash } = fieldsOf(value);
  if (typeof segment !== 'string' || typeof seq !== 'number' || typeof record_hash !== 'string')
    return undefined;
  return { segment, seq, record_hash };
}

function readTorn(value: unknown): TornNote[] {
  const { segment, file, sha256 } = fieldsOf(value);
  const complete = typeof segment === 'string' && typeof file === 'string' && typeof sha256 === 'string';
  return complete ? [{ segment, file, sha256 }] : [];
}

/** Reads a segment's first line; undefined when the record is not one. */
export function readSegmentHeadLine(record: Readonly<Record<string, unknown>>): SegmentHeadLine | undefined {
  const input = fieldsOf(record['input_data']);
  const { segment } = input;
  if (record['operation_name'] !== segmentOperation || record['operation_type'] !== 'server')
    return undefined;
  if (typeof segment !== 'string') return undefined;
  return {
    segment,
    previous: readPosition(input['previous']),
    others: listOf(input['others']).flatMap((other) => readPosition(other) ?? []),
    torn: listOf(input['torn']).flatMap(readTorn),
  };
}

/** `operation_name` of the records that say which segments were deleted on purpose. */
export const cleanupOperation = 'log-cleanup';

/** The segments that a record says were deleted on purpose; none for any other record. */
export function readRetired(record: Readonly<Record<string, unknown>>): ChainPosition[] {
  if (record['operation_name'] !== cleanupOperation || record['operation_type'] !== 'admin') return [];
  return listOf(fieldsOf(record['input_data'])['segments']).flatMap((one) => readPosition(one) ?? []);
}
