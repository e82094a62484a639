import type { Limits } from '../model/endpoint.js';
import { at, numberOf, stringOf, type Field } from './field.js';
import { durationMs, sizeBytes } from './units.js';

/** The bounds of a call where nobody says otherwise (spec pages 03 and 07). */
export const defaultLimits: Limits = {
  timeoutMs: 30_000,
  maxRows: 10_000,
  maxScanRows: 1_000_000,
  maxBytes: 10 * 1024 * 1024,
  onLimit: 'error',
};

/** `outer` with what a `limits` section changes. */
export function mergeLimits(outer: Limits, field: Field | undefined): Limits {
  const timeoutMs = durationMs(at(field, 'timeout')?.data);
  const maxBytes = sizeBytes(at(field, 'max_bytes')?.data);
  const maxRows = numberOf(at(field, 'max_rows'));
  const maxScanRows = numberOf(at(field, 'max_scan_rows'));
  const concurrency = numberOf(at(field, 'concurrency'));
  const onLimit = stringOf(at(field, 'on_limit'));
  return {
    ...outer,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(maxRows !== undefined && { maxRows }),
    ...(maxScanRows !== undefined && { maxScanRows }),
    ...(maxBytes !== undefined && { maxBytes }),
    ...(concurrency !== undefined && { concurrency }),
    ...((onLimit === 'error' || onLimit === 'truncate') && { onLimit }),
  };
}
