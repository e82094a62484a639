import { OverloadedError } from '../../errors.js';
import { stopReason, type StopSignal } from '../../lib/stop-signal.js';

export interface FairLineOptions<T> {
  /** Workers that calls of one body may have at once. */
  readonly share: number;
  /** Calls that may wait, of all bodies. */
  readonly queue: number;
  /** A worker that this caller may have and that is free, from here on a call's of this body. */
  readonly take: (body: number, owner: string) => T | undefined;
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
  /** By caller, whose turn is next first. */
  readonly waiters: Map<string, Set<Waiter<T>>>;
  /** Calls that wait, of all callers. */
  waiting: number;
}

/**
 * Who gets the next worker: bodies take turns, callers of one body too, and calls of one caller go in order of arrival.
 * Whoever cannot have any of the workers that are free lets the others pass. No body has more workers than its share, and one
 * whose last call broke its worker has one at a time, its replacement included, until a call gives its worker back whole: it
 * spends its own time on new workers, not that of others.
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

  /** A worker for a caller's call of a body: at once, or in its turn. Rejects with the signal's reason, or as overloaded. */
  enter(body: number, owner: string, signal: StopSignal): T | Promise<T> {
    const account = this.accountOf(body);
    const first = this.mayHave(account) && !account.waiters.has(owner);
    const worker = first ? this.options.take(body, owner) : undefined;
    if (worker === undefined) return this.wait(account, owner, signal);
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

  /** Calls that wait. */
  get length(): number {
    return this.waiting;
  }

  /** Gives workers that are free to those who wait. */
  admit(): void {
    for (const account of this.turns) {
      if (!this.admitOne(account)) continue;
      this.turns.delete(account);
      if (account.waiting > 0) this.turns.add(account); // behind the others; this loop comes by again
    }
  }

  refuseAll(error: Error): void {
    for (const { waiters } of this.turns)
      for (const each of waiters.values()) for (const waiter of each) waiter.refuse(error);
  }

  private admitOne(account: Account<T>): boolean {
    if (!this.mayHave(account)) return false;
    for (const [owner, waiters] of account.waiters) {
      const [waiter] = waiters;
      const worker = waiter && this.options.take(account.body, owner);
      if (waiter === undefined || worker === undefined) continue;
      account.held += 1;
      waiter.admit(worker);
      account.waiters.delete(owner);
      if (waiters.size > 0) account.waiters.set(owner, waiters); // behind the other callers
      return true;
    }
    return false;
  }

  private accountOf(body: number): Account<T> {
    let account = this.accounts.get(body);
    if (account === undefined) this.accounts.set(body, (account = newAccount(body)));
    return account;
  }

  private mayHave({ held, breaks }: Account<T>): boolean {
    return held < (breaks ? 1 : this.options.share);
  }

  private wait(account: Account<T>, owner: string, signal: StopSignal): Promise<T> {
    const { queue } = this.options;
    // Of a full queue one body has three quarters at most.
    if (this.waiting >= queue || account.waiting >= Math.ceil(queue * 0.75))
      return Promise.reject(new OverloadedError('Too many calls are waiting for a worker; try again later'));
    return new Promise<T>((resolve, reject) => {
      const leave = (): void => {
        signal.removeEventListener('abort', stop);
        this.forget(account, owner, waiter);
      };
      const refuse = (error: Error): void => {
        leave();
        reject(error);
      };
      const stop = (): void => refuse(stopReason(signal));
      const admit = (worker: T): void => {
        leave();
        resolve(worker);
      };
      const waiter: Waiter<T> = { admit, refuse };
      this.remember(account, owner, waiter);
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  private remember(account: Account<T>, owner: string, waiter: Waiter<T>): void {
    const waiters = account.waiters.get(owner) ?? new Set();
    account.waiters.set(owner, waiters.add(waiter));
    account.waiting += 1;
    this.waiting += 1;
    this.turns.add(account);
  }

  private forget(account: Account<T>, owner: string, waiter: Waiter<T>): void {
    const waiters = account.waiters.get(owner);
    if (waiters?.delete(waiter) !== true) return;
    if (waiters.size === 0) account.waiters.delete(owner);
    account.waiting -= 1;
    this.waiting -= 1;
    if (account.waiting === 0) this.turns.delete(account);
  }
}

function newAccount<T>(body: number): Account<T> {
  return { body, held: 0, breaks: false, waiters: new Map(), waiting: 0 };
}
