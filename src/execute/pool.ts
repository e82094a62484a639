import { OverloadedError, ShuttingDownError } from '../errors.js';
import type { Session } from './session.js';

export interface PoolOptions {
  /** Sessions at work at once, own ones included. */
  readonly size: number;
  /** Calls that may wait. */
  readonly queue: number;
  readonly open: () => Promise<Session>;
}

/** `pooled`: a shared session. `own`: a new one that nobody used before. `alone`: the same, and nobody else at work. */
export type LeaseKind = 'pooled' | 'own' | 'alone';

/** A session on loan, given back exactly once: kept for others, or closed. */
export interface Lease {
  readonly session: Session;
  readonly giveBack: (fate: 'keep' | 'close') => void;
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
  private places: number;
  private closed: (() => void) | undefined;
  private closing = false;

  constructor(options: PoolOptions) {
    this.options = options;
    this.places = options.size;
  }

  async lease(kind: LeaseKind, signal: AbortSignal): Promise<Lease> {
    if (this.closing) throw new ShuttingDownError('The database is closing');
    const places = kind === 'alone' ? this.options.size : 1;
    if (this.places >= places && this.waiters.size === 0) this.places -= places;
    else await this.wait(places, signal);
    try {
      return this.loan(await this.pick(kind), places);
    } catch (error) {
      this.free(places);
      throw error;
    }
  }

  /** Refuses new loans, waits for those that are out, closes all sessions. */
  async close(): Promise<void> {
    this.closing = true;
    for (const waiter of this.waiters) waiter.refuse(new ShuttingDownError('The database is closing'));
    this.waiters.clear();
    if (this.places < this.options.size) await new Promise<void>((resolve) => (this.closed = resolve));
    for (const session of this.idle.splice(0)) session.close();
  }

  private async pick(kind: LeaseKind): Promise<Session> {
    if (kind === 'pooled') return this.idle.pop() ?? this.options.open();
    const open = this.options.size - this.places + this.idle.length;
    if (open > this.options.size) this.idle.shift()?.close();
    return this.options.open();
  }

  private loan(session: Session, places: number): Lease {
    let out = true;
    return {
      session,
      giveBack: (fate) => {
        if (!out) return;
        out = false;
        if (fate === 'keep' && !this.closing) this.idle.push(session);
        else session.close();
        this.free(places);
      },
    };
  }

  /** Admits those who wait, first come first served, as far as the places reach. */
  private free(places: number): void {
    this.places += places;
    for (const next of this.waiters) {
      if (next.places > this.places) return;
      this.places -= next.places;
      this.waiters.delete(next);
      next.admit();
    }
    if (this.places === this.options.size) this.closed?.();
  }

  private async wait(places: number, signal: AbortSignal): Promise<void> {
    if (this.waiters.size >= this.options.queue) {
      throw new OverloadedError('Too many calls are waiting for the database; try again later');
    }
    await new Promise<void>((resolve, reject) => {
      const stop = (): void => {
        this.waiters.delete(waiter);
        this.free(0);
        reject(signal.reason instanceof Error ? signal.reason : new Error('Aborted'));
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
