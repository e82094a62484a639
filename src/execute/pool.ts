import { OverloadedError, ShuttingDownError } from '../errors.js';
import { stopReason, type StopSignal } from '../lib/stop-signal.js';
import type { Session } from './session.js';

export interface PoolOptions {
  /** Sessions at work at once, own ones included. */
  readonly size: number;
  /** Calls that may wait. */
  readonly queue: number;
  readonly open: () => Promise<Session>;
}

/**
 * `pooled`: a shared session. `own`: a new one that nobody used before. `alone`: the same, and nobody else at work.
 * `free`: `own` for SQL that a caller wrote, at most a quarter of the places at once.
 */
export type LeaseKind = 'pooled' | 'own' | 'alone' | 'free';

/** A session on loan, given back exactly once: kept for others, or closed. */
export interface Lease {
  readonly session: Session;
  readonly giveBack: (fate: 'keep' | 'close') => void;
  /** Says that the call was answered while its query may go on: until it is given back, its places are stuck. */
  readonly abandon: () => void;
}

interface Waiter {
  readonly places: number;
  readonly admit: () => void;
  readonly refuse: (error: Error) => void;
}

/**
 * Bounds the sessions at work. Who finds no place waits in order of arrival; a full queue is an `OverloadedError`, an
 * abort while waiting rejects with the signal's reason.
 */
export class Pool {
  private readonly options: PoolOptions;
  private readonly idle: Session[] = [];
  private readonly waiters = new Set<Waiter>();
  private readonly watchers = new Set<() => void>();
  private places: number;
  private stuck = 0;
  private free = 0;
  private closing = false;

  constructor(options: PoolOptions) {
    this.options = options;
    this.places = options.size;
  }

  /** True while every place is held by a query that goes on though its call was answered. */
  exhausted(): boolean {
    return this.stuck >= this.options.size;
  }

  async lease(kind: LeaseKind, signal: StopSignal): Promise<Lease> {
    if (this.closing) throw new ShuttingDownError('The database is closing');
    if (kind !== 'free') return this.take(kind, signal, () => undefined);
    if (this.free >= Math.max(1, Math.floor(this.options.size / 4))) {
      throw new OverloadedError('Too many free-form queries are running; try again later');
    }
    this.free += 1;
    return this.take(kind, signal, () => (this.free -= 1));
  }

  /** Refuses new loans, waits for those that are out, however long, and closes all sessions. */
  async close(): Promise<void> {
    this.closing = true;
    for (const waiter of this.waiters) waiter.refuse(new ShuttingDownError('The database is closing'));
    this.waiters.clear();
    await this.until(() => this.places === this.options.size);
    await Promise.all(this.idle.splice(0).map((session) => session.close()));
  }

  /** Waits until every loan that is out is stuck, or none is out. */
  async answered(): Promise<void> {
    await this.until(() => this.places + this.stuck >= this.options.size);
  }

  private async take(kind: LeaseKind, signal: StopSignal, ended: () => void): Promise<Lease> {
    const places = kind === 'alone' ? this.options.size : 1;
    try {
      if (this.places >= places && this.waiters.size === 0) this.places -= places;
      else await this.wait(places, signal);
    } catch (error) {
      ended();
      throw error;
    }
    try {
      return this.loan(await this.pick(kind), places, ended);
    } catch (error) {
      ended();
      this.release(places);
      throw error;
    }
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => this.watchers.add(resolve));
    }
  }

  private changed(): void {
    for (const watcher of this.watchers) watcher();
    this.watchers.clear();
  }

  private async pick(kind: LeaseKind): Promise<Session> {
    if (kind === 'pooled') return this.idle.pop() ?? this.options.open();
    const open = this.options.size - this.places + this.idle.length;
    if (open > this.options.size) await this.idle.shift()?.close();
    return this.options.open();
  }

  private loan(session: Session, places: number, ended: () => void): Lease {
    let out = true;
    let stuck = 0;
    return {
      session,
      giveBack: (fate) => {
        if (!out) return;
        out = false;
        const leave = (): void => {
          this.stuck -= stuck;
          ended();
          this.release(places);
        };
        if (fate === 'close' || this.closing) return void session.close().finally(leave);
        this.idle.push(session);
        leave();
      },
      abandon: () => {
        if (!out || stuck > 0) return;
        stuck = places;
        this.stuck += stuck;
        this.changed();
      },
    };
  }

  /** Admits those who wait, first come first served, as far as the places reach. */
  private release(places: number): void {
    this.places += places;
    for (const next of this.waiters) {
      if (next.places > this.places) return;
      this.places -= next.places;
      this.waiters.delete(next);
      next.admit();
    }
    this.changed();
  }

  private async wait(places: number, signal: StopSignal): Promise<void> {
    if (this.waiters.size >= this.options.queue) {
      throw new OverloadedError('Too many calls are waiting for the database; try again later');
    }
    await new Promise<void>((resolve, reject) => {
      const stop = (): void => {
        this.waiters.delete(waiter);
        this.release(0);
        reject(stopReason(signal));
      };
      const listen = (settle: () => void): void => {
        signal.removeEventListener('abort', stop);
        settle();
      };
      const waiter: Waiter = {
        places,
        admit: () => listen(resolve),
        refuse: (error) => listen(() => reject(error)),
      };
      this.waiters.add(waiter);
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
    });
  }
}
