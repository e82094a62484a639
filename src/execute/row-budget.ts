import { ExecuteLimitError } from '../errors.js';
import type { Limits } from '../model/endpoint.js';
import type { Json } from '../model/json.js';

/** What a result is held to, and which of its rows stay. */
export interface RowBounds<Row extends Json> {
  readonly limits: Pick<Limits, 'maxRows' | 'maxBytes' | 'maxScanRows' | 'onLimit'>;
  readonly keepRow?: ((row: Row) => boolean) | undefined;
}

/** The error of a result that passes a limit. */
export function limitError(limit: 'max_rows' | 'max_bytes' | 'max_scan_rows'): ExecuteLimitError {
  return new ExecuteLimitError(`The result passes ${limit}; narrow the call or raise the limit`, limit);
}

/**
 * Takes the rows of one result while they come, whatever they come from: rows and bytes count after `keepRow`, scanned rows
 * before it. A limit throws `ExecuteLimitError`, or ends the result with `onLimit: truncate` (`max_scan_rows` always
 * throws). Throws what `keepRow` throws.
 */
export class RowBudget<Row extends Json> {
  readonly rows: Row[] = [];
  truncated = false;
  private readonly bounds: RowBounds<Row>;
  /** Bytes of a row's JSON. */
  private readonly sizeOf: (row: Row) => number;
  private scanned = 0;
  private bytes = 2;

  constructor(bounds: RowBounds<Row>, sizeOf: (row: Row) => number) {
    this.bounds = bounds;
    this.sizeOf = sizeOf;
  }

  /** Counts a row that is looked at, before anything else is done with it. */
  scan(): void {
    if (this.scanned >= this.bounds.limits.maxScanRows) throw limitError('max_scan_rows');
    this.scanned += 1;
  }

  /** Takes a row, or drops it where the rule says so; false when the result ends before it. */
  add(row: Row): boolean {
    const { keepRow, limits } = this.bounds;
    if (keepRow && !keepRow(row)) return true;
    if (this.rows.length >= limits.maxRows) return this.end('max_rows');
    const bytes = this.sizeOf(row) + 1;
    if (this.bytes + bytes > limits.maxBytes) return this.end('max_bytes');
    this.bytes += bytes;
    this.rows.push(row);
    return true;
  }

  /** Ends the result before a row that is too large to be looked at. */
  refuse(): false {
    return this.end('max_bytes');
  }

  private end(limit: 'max_rows' | 'max_bytes'): false {
    if (this.bounds.limits.onLimit === 'error') throw limitError(limit);
    this.truncated = true;
    return false;
  }
}
