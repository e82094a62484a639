import { randomBytes } from 'node:crypto';
import type { Transport } from '../model/call.js';
import type { JsonObject } from '../model/json.js';
import type { AuditSettings } from '../model/settings.js';
import type { AuditEntry, ChainPlace } from './entry.js';
import { fitRecord } from './fit-record.js';
import { headText, writeHead } from './head-file.js';
import type { Reserve } from './reserve.js';
import { sealRecord, type SealedRecord } from './seal.js';
import { SegmentFile } from './segment-file.js';
import { segmentName, type LogPlace } from './segment-name.js';
import { otherStates } from './segment-scan.js';
import type { ChainPosition } from './segment-tail.js';
import type { Signer } from './sign.js';
import { formatMicros, utcDay } from './timestamp.js';
import { createUuidV7 } from './uuid-v7.js';

export interface ChainOptions {
  readonly place: LogPlace;
  readonly settings: AuditSettings;
  readonly signer: Signer | undefined;
  readonly reserve: Reserve;
  readonly headFolders: readonly string[];
  readonly transport: Transport;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** A record as the log knows it, before it has its place. */
export interface ChainRecord {
  readonly entry: AuditEntry;
  /** `seq` of the record with which this call started. */
  readonly startedSeq?: number | undefined;
}

/** How a record is put. */
export interface PutOptions {
  readonly startedSeq?: number | undefined;
  /** The outcome of a started call may use the room that was set aside. */
  readonly mayUseReserve: boolean;
}

/** The server's clock shows in a head at least this often, so that a quiet log is known to be in use. */
export const headBeatMs = 3_600_000;

/**
 * One writer's chain of records over its segments (spec page 05, "Tamper evidence"). Methods throw what the file system
 * throws; a throw leaves the chain where it was.
 */
export class ChainWriter {
  readonly #options: ChainOptions;
  readonly #writer = randomBytes(6).toString('hex');
  readonly #uuid = createUuidV7();
  #file: SegmentFile;
  #position: ChainPosition | undefined;
  /** The last record that a sync has handed to the disk. */
  #synced: ChainPosition | undefined;
  #day = 0;
  #begun = 0;
  /** Of segments that stayed: attempts on a full disk would carry the names into the future. */
  #lastBegun = 0;
  #firstSeq = 0;
  #unsynced = false;
  #abandoned = false;
  #headSeq = 0;
  #headTime = 0;
  #replacing: Promise<void> = Promise.resolve();

  constructor(options: ChainOptions, torn: readonly JsonObject[]) {
    this.#options = options;
    this.#file = this.#create();
    this.#begin(this.#file, torn, false);
  }

  get segment(): string {
    return this.#file.name;
  }

  get seq(): number {
    return this.#position?.seq ?? 0;
  }

  /** Writes one record at the end of the chain, in a new segment when it is time for one; returns its `seq`. */
  put(entry: AuditEntry, options: PutOptions): number {
    if (this.#mustTurn()) this.turn(options.mayUseReserve);
    const { maxFileSize, maxRecordBytes } = this.#options.settings;
    let sealed = this.#seal(entry, options.startedSeq, maxRecordBytes);
    if (this.#file.size + sealed.line.length > maxFileSize && this.seq !== this.#firstSeq) {
      this.turn(options.mayUseReserve);
      sealed = this.#seal(entry, options.startedSeq, maxRecordBytes);
    }
    this.#write(this.#file, sealed, options.mayUseReserve);
    return this.seq;
  }

  /**
   * Puts several records by one write(2), or none of them: false when they do not plainly go to the end of this segment (it
   * is time for a new one, one of them cannot be sealed, the write fails), so that each has to be put by itself.
   */
  putTogether(records: readonly ChainRecord[]): boolean {
    if (this.#mustTurn()) return false;
    const before = this.#position;
    try {
      const lines = records.map((record) => this.#link(record)).join('');
      if (this.#file.size + lines.length <= this.#options.settings.maxFileSize) {
        this.#file.append(lines);
        this.#unsynced = true;
        return true;
      }
    } catch {
      // Not lost: what is wrong shows again, with the record that it is about, when each is put by itself.
    }
    this.#position = before;
    return false;
  }

  /**
   * Hands everything that was put so far to the disk. After a failure the segment is neither written nor synced again: the
   * system reports a lost page once, and a second sync would say that all is well.
   */
  async sync(): Promise<void> {
    const { seq } = this;
    const position = this.#position;
    if (this.#abandoned) throw new Error('a sync of this segment has failed');
    try {
      await this.#file.sync();
    } catch (error) {
      this.#abandoned = true;
      throw error;
    }
    if (seq > (this.#synced?.seq ?? 0)) this.#synced = position;
    if (this.seq === seq) this.#unsynced = false;
  }

  /** True when a sync has something to do. */
  get unsynced(): boolean {
    return this.#unsynced && !this.#abandoned;
  }

  /**
   * Replaces the head when there is a newer one, or it has not shown life for an hour. It names what is on the disk: after a
   * power cut, a record that a head names and that is gone would look like one that somebody has cut off.
   */
  replaceHead(): Promise<void> {
    // One after the other: all of them use the same draft.
    const mine = this.#replacing.then(() => this.#replace());
    this.#replacing = mine.catch(() => undefined);
    return mine;
  }

  async #replace(): Promise<void> {
    const position = this.#options.settings.sync === 'never' ? this.#position : this.#synced;
    const now = this.#options.now();
    if (position === undefined || (position.seq === this.#headSeq && now - this.#headTime < headBeatMs))
      return;
    await writeHead(this.#options.headFolders, position.segment, headText(position, this.#options.signer));
    this.#headSeq = position.seq;
    this.#headTime = now;
  }

  close(): void {
    this.#file.close();
  }

  #mustTurn(): boolean {
    return this.#abandoned || this.#day !== utcDay(this.#options.now()) || !this.#file.exists();
  }

  /** Leaves the segment for a new one, whose first line proves that the log can be written. */
  turn(mayUseReserve: boolean): void {
    const old = this.#file;
    if (!old.exists()) this.#options.reserve.renew();
    if (this.unsynced && this.#options.settings.sync !== 'never') this.#syncLast(old);
    const next = this.#create();
    this.#begin(next, [], mayUseReserve);
    this.#abandoned = false;
    this.#file = next;
    old.close();
  }

  /** Before a segment is left: as `sync`, and for good. */
  #syncLast(file: SegmentFile): void {
    try {
      file.syncNow();
    } catch (error) {
      this.#abandoned = true;
      throw error;
    }
  }

  #create(): SegmentFile {
    const { place, settings, now } = this.#options;
    this.#begun = Math.max(now(), this.#lastBegun + 1000);
    return SegmentFile.create(
      place.folder,
      segmentName(place.stem, this.#begun, this.#writer),
      settings.sync !== 'never',
    );
  }

  /** Writes a segment's first line; a segment that cannot have one does not stay. */
  #begin(file: SegmentFile, torn: readonly JsonObject[], mayUseReserve: boolean): void {
    try {
      // Never shortened: verification needs all that it names, and that is bounded already.
      const sealed = this.#seal(this.#firstEntry(file.name, torn), undefined, Infinity);
      this.#write(file, sealed, mayUseReserve);
    } catch (error) {
      file.discard();
      throw error;
    }
    this.#firstSeq = this.seq;
    this.#lastBegun = this.#begun;
    this.#day = utcDay(this.#options.now());
  }

  #firstEntry(segment: string, torn: readonly JsonObject[]): AuditEntry {
    const previous = this.#position;
    const others = otherStates(this.#options.place, segment);
    return {
      timestamp: formatMicros(this.#options.now() * 1000),
      operation_type: 'server',
      operation_name: segmentOperation,
      operation_status: 'success',
      caller_type: this.#options.transport,
      duration_ms: 0,
      policy_decision: 'n/a',
      input_data: {
        segment,
        writer: this.#writer,
        previous: previous === undefined ? null : { ...previous },
        others: others.filter((other) => other['segment'] !== previous?.segment),
        torn,
      },
    };
  }

  #seal(entry: AuditEntry, startedSeq: number | undefined, maxBytes: number): SealedRecord {
    const now = this.#options.now();
    const place: ChainPlace = {
      schema_name: 'mxcp.endpoints',
      schema_version: 2,
      record_id: this.#uuid(now),
      seq: this.seq + 1,
      prev_hash: this.#position?.record_hash ?? null,
      started_seq: startedSeq,
    };
    return sealRecord(fitRecord(entry, place, maxBytes), this.#options.signer);
  }

  #write(file: SegmentFile, sealed: SealedRecord, mayUseReserve: boolean): void {
    for (;;) {
      try {
        file.append(sealed.line);
        break;
      } catch (error) {
        const full = (error as NodeJS.ErrnoException).code === 'ENOSPC';
        if (!full || !mayUseReserve || !this.#options.reserve.release()) throw error;
      }
    }
    this.#advance(file, sealed);
    this.#unsynced = true;
  }

  /** Seals a record as the next of the chain; it is not written yet. */
  #link({ entry, startedSeq }: ChainRecord): string {
    const sealed = this.#seal(entry, startedSeq, this.#options.settings.maxRecordBytes);
    this.#advance(this.#file, sealed);
    return sealed.line;
  }

  #advance(file: SegmentFile, sealed: SealedRecord): void {
    this.#position = { segment: file.name, seq: this.seq + 1, record_hash: sealed.hash };
  }
}

/** `operation_name` of a segment's first line. */
export const segmentOperation = 'audit.segment';
