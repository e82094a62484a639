import { OverloadedError, ShuttingDownError } from '../errors.js';
import type { Session } from './session.js';

export interface PoolOptions {
  /** Sessions at work at once, own ones included. */
  readonly size: number;
  /** Calls that may wait. */
  readonly queue: number;
  readonly open: () => Promise<Session>;
}

/** A session on loan, given back exactly once: kept for others, or closed. */
export interface Lease {
  readonly session: Session;
  readonly giveBack: (fate: 'keep' | 'close') => void;
}

interface Waiter {
  readonly admit: () => void;
  readonly refuse: (error: Error) => void;
}

/**
 * Bounds the sessions at work. Who finds none free waits in order; a full queue is an `OverloadedError`, an abort while
 * waiting rejects with the signal's reason.
 */
export class Pool {
  private readonly options: PoolOptions;
  private readonly idle: Session[] = [];
  private readonly waiters = new Set<Waiter>();
  private busy = 0;
  private closed: (() => void) | undefined;
  private closing = false;

  constructor(options: PoolOptions) {
    this.options = options;
  }

  /** A shared session, or with `own` a new one that nobody used before. */
  async lease(kind: 'pooled' | 'own', signal?: AbortSignal): Promise<Lease> {
    if (this.closing) throw new ShuttingDownError('The database is closing');
    if (this.busy >= this.options.size || this.waiters.size > 0) await this.wait(signal);
    else this.busy += 1;
    try {
      return this.loan(await this.pick(kind));
    } catch (error) {
      this.free();
      throw error;
    }
  }

  /** Refuses new loans, waits for those that are out, closes all sessions. */
  async close(): Promise<void> {
    this.closing = true;
    for (const waiter of this.waiters) waiter.refuse(new ShuttingDownError('The database is closing'));
    this.waiters.clear();
    if (this.busy > 0) await new Promise<void>((resolve) => (this.closed = resolve));
    for (const session of this.idle.splice(0)) session.close();
  }

  private async pick(kind: 'pooled' | 'own'): Promise<Session> {
    if (kind === 'own') {
      if (this.busy + this.idle.length > this.options.size) this.idle.shift()?.close();
      return this.options.open();
    }
    return this.idle.pop() ?? this.options.open();
  }

  private loan(session: Session): Lease {
    let out = true;
    return {
      session,
      giveBack: (fate) => {
        if (!out) return;
        out = false;
        if (fate === 'keep') this.idle.push(session);
        else session.close();
        this.free();
      },
    };
  }

  /** Hands the place to the next who waits, or makes it free. */
  private free(): void {
    for (const next of this.waiters) {
      this.waiters.delete(next);
      next.admit();
      return;
    }
    this.busy -= 1;
    if (this.busy === 0) this.closed?.();
  }

  private async wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.waiters.size >= this.options.queue) {
      throw new OverloadedError('Too many calls are waiting for the database; try again later');
    }
    await new Promise<void>((resolve, reject) => {
      const stop = (): void => {
        this.waiters.delete(waiter);
        reject(signal?.reason instanceof Error ? signal.reason : new Error('Aborted'));
      };
      const waiter: Waiter = {
        admit: () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        },
        refuse: (error) => {
          signal?.removeEventListener('abort', stop);
          reject(error);
        },
      };
      this.waiters.add(waiter);
      if (signal?.aborted) stop();
      else signal?.addEventListener('abort', stop, { once: true });
    });
  }
}
