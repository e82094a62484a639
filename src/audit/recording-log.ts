import { AuditUnavailableError } from '../errors.js';
import type { AuditSettings } from '../model/settings.js';
import type { AuditLog, AuditStatus } from './audit-log.js';
import type { ChainWriter } from './chain-writer.js';
import type { AuditEntry } from './entry.js';
import { groupSync } from './group-sync.js';
import type { Reserve } from './reserve.js';
import type { Strangers } from './strangers.js';

interface Parts {
  readonly chain: ChainWriter;
  readonly reserve: Reserve;
  readonly settings: AuditSettings;
  readonly strangers: Strangers;
  readonly warn: (message: string, error: unknown) => void;
  readonly now: () => number;
}

interface OwedOutcome {
  readonly entry: AuditEntry;
  readonly startedSeq: number | undefined;
}

const done = Promise.resolve();

/** Who may record when: outcomes that are owed first, the reserve for outcomes alone, and what a failed write means. */
export class RecordingLog implements AuditLog {
  readonly #parts: Parts;
  readonly #started = new Map<string, number>();
  readonly #owed: OwedOutcome[] = [];
  readonly #syncGroup: () => Promise<void>;
  readonly #timer: NodeJS.Timeout;
  #counted: AuditEntry[] = [];
  #failed = false;
  #dropped = 0;
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#syncGroup = groupSync(() => parts.chain.sync());
    this.#timer = setInterval(() => void this.#tick(), parts.settings.syncIntervalMs).unref();
  }

  append(entry: AuditEntry): Promise<void> {
    const { call_id: callId } = entry;
    const startedSeq = callId === undefined ? undefined : this.#started.get(callId);
    if (callId === undefined || startedSeq === undefined) return this.#record(() => this.#putNew(entry));
    this.#started.delete(callId);
    return this.#record(() => this.#putOutcome({ entry, startedSeq }), true);
  }

  begin(entry: AuditEntry): Promise<void> {
    return this.#record(() => {
      const seq = this.#putNew(entry);
      if (entry.call_id !== undefined) this.#started.set(entry.call_id, seq);
    });
  }

  refuse(entry: AuditEntry): Promise<void> {
    const { strangers, now } = this.#parts;
    return strangers.admit(entry, now()) ? this.#record(() => this.#putNew(entry)) : done;
  }

  writable(): boolean {
    return !this.#closed && !this.#failed && this.#parts.reserve.full();
  }

  status(): AuditStatus {
    const { segment, seq } = this.#parts.chain;
    return { writable: this.writable(), segment, seq, dropped: this.#dropped, owed: this.#owed.length };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    const { chain, settings } = this.#parts;
    this.#closed = true;
    clearInterval(this.#timer);
    try {
      this.#settleOwed();
      this.#putCounted(true);
      if (settings.sync !== 'never') await this.#syncGroup();
      await chain.replaceHead();
    } catch (error) {
      throw unavailable(error);
    } finally {
      chain.close();
    }
  }

  /** `owes`: what cannot be put now is written later, and not lost. */
  #record(put: () => void, owes = false): Promise<void> {
    try {
      if (this.#closed) throw new AuditUnavailableError('The audit log is closed');
      put();
      this.#failed = false;
    } catch (error) {
      return this.#fail(error, owes);
    }
    if (this.#parts.settings.sync !== 'always') return done;
    return this.#syncGroup().catch((error: unknown) => this.#fail(error, false));
  }

  #fail(error: unknown, owes: boolean): Promise<void> {
    this.#failed = true;
    if (this.#closed || this.#parts.settings.onFailure === 'deny') return Promise.reject(unavailable(error));
    if (!owes) this.#dropped += 1;
    const { warn } = this.#parts;
    warn(owes ? 'The outcome of a call is recorded later' : 'An audit record was dropped', error);
    return done;
  }

  /** New calls are recorded only when nothing is owed and the whole reserve is in place. */
  #putNew(entry: AuditEntry): number {
    this.#settleOwed();
    this.#parts.reserve.refill();
    return this.#parts.chain.put(entry, { mayUseReserve: false });
  }

  #putOutcome(outcome: OwedOutcome): void {
    this.#owed.push(outcome);
    this.#settleOwed();
  }

  #settleOwed(): void {
    for (let next = this.#owed[0]; next !== undefined; next = this.#owed[0]) {
      this.#parts.chain.put(next.entry, { startedSeq: next.startedSeq, mayUseReserve: true });
      this.#owed.shift();
    }
  }

  /** A count that cannot be written now is kept, and no other is made before it. */
  #putCounted(final: boolean): void {
    const { chain, strangers, now } = this.#parts;
    do {
      if (this.#counted.length === 0) this.#counted = strangers.due(now(), final);
      for (let next = this.#counted[0]; next !== undefined; next = this.#counted[0]) {
        chain.put(next, { mayUseReserve: false });
        this.#counted.shift();
      }
    } while (final && (this.#counted = strangers.due(now(), true)).length > 0);
  }

  async #tick(): Promise<void> {
    const { chain, settings, warn } = this.#parts;
    try {
      this.#settleOwed();
      this.#putCounted(false);
      if (chain.unsynced && settings.sync === 'interval') await this.#syncGroup();
      if (!this.#closed) await chain.replaceHead();
    } catch (error) {
      warn('The audit log could not be brought up to date', error);
    }
  }
}

function unavailable(error: unknown): AuditUnavailableError {
  if (error instanceof AuditUnavailableError) return error;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return new AuditUnavailableError(
    `The audit log cannot be written${code === undefined ? '' : ` (${code})`}`,
    {
      cause: error,
    },
  );
}
