import { OverloadedError } from '../../errors.js';
import type { StopSignal } from '../../lib/stop-signal.js';

export interface FairLineOptions<T> {
  /** Workers that calls of one body may have at once. */
  readonly share: number;
  /** Calls that may wait, of all bodies. */
  readonly queue: number;
  /** A worker that is free, from here on a call's of this body. */
  readonly take: (body: number) => T | undefined;
}

interface Waiter<T> {
  readonly admit: (place: T) => void;
  readonly refuse: (error: Error) => void;
}

/** What calls of one body have and wait for. */
interface Account<T> {
  readonly body: number;
  /** Workers that they have, those that they broke and that are not replaced yet among them. */
  held: number;
  /** The last call to end broke its worker. */
  breaks: boolean;
  readonly waiters: Set<Waiter<T>>;
}

/**
 * Who gets the next worker: bodies take turns, and calls of one body go in order of arrival. No body has more workers than
 * its share, and one whose last call broke its worker has one at a time, its replacement included, until a call gives its
 * worker back whole: it spends its own time on new workers, not that of others.
 */
export class FairLine<T> {
  private readonly options: FairLineOptions<T>;
  private readonly accounts = new Map<number, Account<T>>();
  /** Those of whom somebody waits, whose turn is next first. */
  private readonly turns = new Set<Account<T>>();
  private waiting = 0;

  constructor(options: FairLineOptions<T>) {
    this.options = options;
  }

  /** A worker for a call of a body: at once, or in its turn. Rejects with the signal's reason, or as overloaded. */
  enter(body: number, signal: StopSignal): T | Promise<T> {
    const account = this.accountOf(body);
    const worker = this.mayHave(account) && account.waiters.size === 0 ? this.options.take(body) : undefined;
    if (worker === undefined) return this.wait(account, signal);
    account.held += 1;
    return worker;
  }

  /** A call gave its worker back whole; `admit` follows when it is free. */
  returned(body: number): void {
    const account = this.accountOf(body);
    account.held -= 1;
    account.breaks = false;
  }

  /** A call broke its worker; the body has it until `replaced`. */
  broke(body: number): void {
    this.accountOf(body).breaks = true;
  }

  replaced(body: number): void {
    this.accountOf(body).held -= 1;
    this.admit();
  }

  /** Gives workers that are free to those who wait. */
  admit(): void {
    for (const account of this.turns) {
      if (!this.mayHave(account)) continue;
      const [waiter] = account.waiters;
      const worker = waiter && this.options.take(account.body);
      if (waiter === undefined || worker === undefined) return;
      account.held += 1;
      waiter.admit(worker);
      this.turns.delete(account);
      if (account.waiters.size > 0) this.turns.add(account); // behind the others; this loop comes by again
    }
  }

  refuseAll(error: Error): void {
    for (const account of this.turns) for (const waiter of account.waiters) waiter.refuse(error);
  }

  private accountOf(body: number): Account<T> {
    let account = this.accounts.get(body);
    if (account === undefined) this.accounts.set(body, (account = newAccount(body)));
    return account;
  }

  private mayHave({ held, breaks }: Account<T>): boolean {
    return held < (breaks ? 1 : this.options.share);
  }

  private wait(account: Account<T>, signal: StopSignal): Promise<T> {
    const { queue } = this.options;
    // Of a full queue one body has three quarters at most.
    if (this.waiting >= queue || account.waiters.size >= Math.ceil(queue * 0.75))
      return Promise.reject(new OverloadedError('Too many calls are waiting for a worker; try again later'));
    return new Promise<T>((resolve, reject) => {
      const leave = (): void => {
        signal.removeEventListener('abort', stop);
        account.waiters.delete(waiter);
        if (account.waiters.size === 0) this.turns.delete(account);
        this.waiting -= 1;
      };
      const refuse = (error: Error): void => {
        leave();
        reject(error);
      };
      const stop = (): void => refuse(signal.reason instanceof Error ? signal.reason : new Error('Aborted'));
      const admit = (worker: T): void => {
        leave();
        resolve(worker);
      };
      const waiter: Waiter<T> = { admit, refuse };
      this.waiting += 1;
      account.waiters.add(waiter);
      this.turns.add(account);
      signal.addEventListener('abort', stop, { once: true });
    });
  }
}

function newAccount<T>(body: number): Account<T> {
  return { body, held: 0, breaks: false, waiters: new Set() };
}
