import { AuditUnavailableError } from '../errors.js';
import type { AuditSettings } from '../model/settings.js';
import type { AuditLog, AuditStatus } from './audit-log.js';
import type { ChainRecord, ChainWriter } from './chain-writer.js';
import type { AuditEntry } from './entry.js';
import { groupSync } from './group-sync.js';
import { inLots, type Lots } from './in-lots.js';
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

/** What is to be recorded: news, the start of a call, or (with the `seq` of the start) its outcome. */
interface Request extends ChainRecord {
  readonly starts?: boolean;
}

/** How the record of a request ended: written, dropped because `audit.on_failure` allows it, or failed. */
type End = 'written' | 'dropped' | AuditUnavailableError;

type Failures = readonly (AuditUnavailableError | undefined)[];

function failureOf(end: End): AuditUnavailableError | undefined {
  return typeof end === 'string' ? undefined : end;
}

const done = Promise.resolve();

/** Who may record when: outcomes that are owed first, the reserve for outcomes alone, and what a failed write means. */
export class RecordingLog implements AuditLog {
  readonly #parts: Parts;
  readonly #started = new Map<string, number>();
  readonly #owed: ChainRecord[] = [];
  readonly #lots: Lots<Request>;
  readonly #syncGroup: () => Promise<void>;
  readonly #timer: NodeJS.Timeout;
  #counted: AuditEntry[] = [];
  #failed = false;
  #dropped = 0;
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#syncGroup = groupSync(() => parts.chain.sync());
    this.#lots = inLots((lot) => this.#recordLot(lot));
    this.#timer = setInterval(() => void this.#tick(), parts.settings.syncIntervalMs).unref();
  }

  append(entry: AuditEntry): Promise<void> {
    const { call_id: callId } = entry;
    const startedSeq = callId === undefined ? undefined : this.#started.get(callId);
    if (callId !== undefined) this.#started.delete(callId);
    return this.#record({ entry, startedSeq });
  }

  begin(entry: AuditEntry): Promise<void> {
    return this.#record({ entry, starts: true });
  }

  refuse(entry: AuditEntry): Promise<void> {
    const { strangers, now } = this.#parts;
    return strangers.admit(entry, now()) ? this.#record({ entry }) : done;
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
    await this.#lots.idle();
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

  #record(request: Request): Promise<void> {
    if (this.#closed) return Promise.reject(new AuditUnavailableError('The audit log is closed'));
    return this.#lots.add(request);
  }

  /** Says of each request what it fails with. */
  #recordLot(lot: readonly Request[]): Failures | Promise<Failures> {
    const ends = this.#putLot(lot);
    const syncs = this.#parts.settings.sync === 'always' && ends.includes('written');
    return syncs ? this.#syncLot(ends) : ends.map(failureOf);
  }

  async #syncLot(ends: readonly End[]): Promise<Failures> {
    try {
      await this.#syncGroup();
      return ends.map(failureOf);
    } catch (error) {
      return ends.map((end) => failureOf(end === 'written' ? this.#fail(error, false) : end));
    }
  }

  #putLot(lot: readonly Request[]): End[] {
    if (lot.length > 1 && this.#putTogether(lot)) return lot.map(() => 'written');
    return lot.map((request) => this.#put(request));
  }

  /** In one write, where nothing is owed and the reserve is in place: what has a rule of its own is put one by one. */
  #putTogether(lot: readonly Request[]): boolean {
    const { chain, reserve } = this.#parts;
    if (this.#owed.length > 0 || !reserve.full() || !chain.putTogether(lot)) return false;
    this.#failed = false;
    for (const [index, request] of lot.entries())
      this.#noteStart(request, chain.seq - lot.length + 1 + index);
    return true;
  }

  #put(request: Request): End {
    try {
      if (request.startedSeq === undefined) this.#noteStart(request, this.#putNew(request.entry));
      else this.#putOutcome(request);
      this.#failed = false;
      return 'written';
    } catch (error) {
      return this.#fail(error, request.startedSeq !== undefined);
    }
  }

  #noteStart({ entry, starts }: Request, seq: number): void {
    if (starts === true && entry.call_id !== undefined) this.#started.set(entry.call_id, seq);
  }

  /** What a failed record means for its call. `owes`: what cannot be put now is written later, and not lost. */
  #fail(error: unknown, owes: boolean): End {
    this.#failed = true;
    if (this.#closed || this.#parts.settings.onFailure === 'deny') return unavailable(error);
    if (!owes) this.#dropped += 1;
    const { warn } = this.#parts;
    warn(owes ? 'The outcome of a call is recorded later' : 'An audit record was dropped', error);
    return 'dropped';
  }

  /** New calls are recorded only when nothing is owed and the whole reserve is in place. */
  #putNew(entry: AuditEntry): number {
    this.#settleOwed();
    this.#parts.reserve.refill();
    return this.#parts.chain.put(entry, { mayUseReserve: false });
  }

  #putOutcome(outcome: ChainRecord): void {
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

  /** A server that cannot record is not ready, and may get no call that would show when it can again. */
  #recover(): void {
    const { chain, reserve } = this.#parts;
    reserve.refill();
    if (this.#failed) chain.turn(false);
    this.#failed = false;
  }

  #catchUp(): void {
    try {
      this.#settleOwed();
      if (!this.writable()) this.#recover();
      this.#putCounted(false);
    } catch (error) {
      this.#warnLate(error);
    }
  }

  /** What is written goes to the disk also while nothing more can be written. */
  async #tick(): Promise<void> {
    const { chain, settings } = this.#parts;
    this.#catchUp();
    try {
      if (chain.unsynced && settings.sync === 'interval') await this.#syncGroup();
      if (!this.#closed) await chain.replaceHead();
    } catch (error) {
      this.#warnLate(error);
    }
  }

  #warnLate(error: unknown): void {
    this.#parts.warn('The audit log could not be brought up to date', error);
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
