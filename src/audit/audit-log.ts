import type { AuditEntry } from './entry.js';

/** What status pages and metrics show of a log. */
export interface AuditStatus {
  readonly writable: boolean;
  readonly segment: string;
  readonly seq: number;
  /** Records that were lost because `audit.on_failure` is `allow`. */
  readonly dropped: number;
  /** Outcomes of started calls that could not be written yet. */
  readonly owed: number;
}

/** The log as the engine sees it. Every method that records rejects with `AuditUnavailableError` when it cannot. */
export interface AuditLog {
  /** Resolves when the record is in the operating system's hands (with `sync: always`, on the disk). */
  append(entry: AuditEntry): Promise<void>;
  /** Records that a call starts that can have an effect before its answer. Its outcome may use the reserve. */
  begin(entry: AuditEntry): Promise<void>;
  /** Records the refusal of a caller without a valid credential, singly or counted. */
  refuse(entry: AuditEntry): Promise<void>;
  /** False while calls would fail with `AUDIT_UNAVAILABLE`, as far as is known. */
  writable(): boolean;
  status(): AuditStatus;
  /** Writes what is owed, syncs, and closes. */
  close(): Promise<void>;
}
