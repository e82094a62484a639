import { ShuttingDownError } from '../../errors.js';
import { atMost } from '../../lib/at-most.js';
import type { StopSignal } from '../../lib/stop-signal.js';
import type { ToWorker } from './protocol.js';
import { callNiceness, slowNiceness } from './processor.js';
import { FairLine } from './fair-line.js';
import { IdleWorkers } from './idle-workers.js';
import type { BodyWorker } from './worker.js';
import type { WorkerEnd } from './worker-link.js';

/** How often workers are weighed, milliseconds. */
const weighEveryMs = 25;
/** How long a worker may take to end by itself, milliseconds. */
const farewellMs = 2000;
/** How long one may take that was just being started, milliseconds. */
const startMs = 2 * farewellMs;
/** Pause before a worker is started again after one that could not start, milliseconds. */
const retryMs = 1000;
/** How long after a new worker was taken the next one is started, milliseconds. */
const soonMs = 5;
/** Processor time after which a call goes on behind all others, milliseconds. */
const quickMs = 50;
/** Workers that stay behind all others are replaced, one in so many milliseconds. */
const renewEveryMs = 10_000;

export interface WorkerPoolOptions {
  /** Calls that run at once. */
  readonly size: number;
  /** New workers that are ready for callers who have none yet. */
  readonly spares: number;
  /** Workers that may belong to callers, idle ones included; at least `size`. */
  readonly owned: number;
  /** False: a worker serves one call. */
  readonly keep: boolean;
  /** Workers that calls of one body may have at once. */
  readonly share: number;
  /** Calls that may wait. */
  readonly queue: number;
  /** Of one worker. All together stay below `size` and `spares` times as much, as far as idle ones can be spared. */
  readonly memoryBytes: number;
  /** Resolves when the worker has loaded all bodies. */
  readonly start: () => Promise<BodyWorker>;
  readonly failed: (error: unknown) => void;
  /** What workers are told at the end, so that they end by themselves (hooks); absent: they are ended at once. */
  readonly farewell?: ToWorker;
}

/** A worker on loan to one call. `giveBack` must be called exactly once. */
export interface WorkerLoan {
  readonly worker: BodyWorker;
  readonly giveBack: () => void;
}

/** A loan that is out. */
interface Loan {
  readonly body: number;
  readonly owner: string;
  /** Processor time of its worker when it was looked at first, milliseconds. */
  sinceMs: number | undefined;
}

/**
 * Keeps workers and lends each to one call at a time (`FairLine` says to whom), and never to another owner than the one it
 * was lent to first. New ones are ready before somebody needs them, in the place of those that were used longest ago. A
 * worker that ended, or in which a call left something running, is replaced. A call that takes much of the processor goes on
 * behind all others.
 */
export class WorkerPool {
  private readonly options: WorkerPoolOptions;
  private readonly workers = new Set<BodyWorker>();
  private readonly idle = new IdleWorkers<BodyWorker>();
  private readonly loans = new Map<BodyWorker, Loan>();
  /** Workers that are behind all others. */
  private readonly slow = new Set<BodyWorker>();
  private readonly line: FairLine<BodyWorker>;
  private readonly scales: NodeJS.Timeout;
  private renewedAt = -Infinity;
  private readonly starts = new Set<Promise<void>>();
  private lastStart: Promise<void> = Promise.resolve();
  /** Workers are ready before somebody waits for one. */
  private ahead = false;
  /** Above 0 no worker is started: one has failed, the next one would too, and that costs more than it does. */
  private resting = 0;
  private restocking: NodeJS.Timeout | undefined;
  private closing = false;

  constructor(options: WorkerPoolOptions) {
    this.options = options;
    const { share, queue } = options;
    this.line = new FairLine<BodyWorker>({ share, queue, take: (body, owner) => this.takeIdle(body, owner) });
    this.scales = setInterval(() => this.weigh(), weighEveryMs).unref();
  }

  /** Takes a worker in that was started elsewhere. */
  adopt(worker: BodyWorker): void {
    this.workers.add(worker);
    void worker.ended.then((end) => this.lost(worker, end));
    this.offer(worker);
  }

  /** Starts workers ahead of the first calls, and from now on of all others. Resolves when they are ready. */
  async fill(): Promise<void> {
    this.ahead = true;
    this.restock();
    await Promise.all(this.starts);
  }

  /** A worker for one call of a body. `owner`: whose call it is; nobody else's runs in a worker that was his. */
  async lend(body: number, owner: string, signal: StopSignal): Promise<WorkerLoan> {
    signal.throwIfAborted();
    if (this.closing) throw new ShuttingDownError('The workers are stopping');
    const entered = this.line.enter(body, owner, signal);
    if (entered instanceof Promise) this.restock();
    const worker = entered instanceof Promise ? await entered : entered;
    let out = true;
    return {
      worker,
      giveBack: () => {
        if (out) this.takeBack(worker);
        out = false;
      },
    };
  }

  /** Ends all workers, those that are just starting too. Calls that run in them fail. */
  async close(): Promise<void> {
    this.closing = true;
    clearInterval(this.scales);
    this.line.refuseAll(new ShuttingDownError('The workers are stopping'));
    const starting = atMost(startMs, Promise.all(this.starts));
    await Promise.all([starting, ...[...this.workers].map((worker) => this.end(worker))]);
  }

  private async end(worker: BodyWorker): Promise<void> {
    const { farewell } = this.options;
    if (farewell && worker.usable()) {
      worker.send(farewell);
      await atMost(farewellMs, worker.ended);
    }
    worker.kill('stopped', 'the server closes its workers');
    await worker.ended;
  }

  private takeIdle(body: number, owner: string): BodyWorker | undefined {
    if (this.loans.size >= this.options.size) return undefined;
    const worker = this.idle.take(owner);
    if (worker === undefined) return undefined;
    this.loans.set(worker, { body, owner, sinceMs: undefined });
    this.restockSoon();
    return worker;
  }

  private takeBack(worker: BodyWorker): void {
    const loan = this.loans.get(worker);
    if (loan === undefined) return; // it is gone
    if (!worker.usable()) {
      worker.kill('stopped', 'a call left something running in it');
      return;
    }
    this.loans.delete(worker);
    this.line.returned(loan.body);
    this.offer(worker, loan.owner);
  }

  /** Takes a worker in that is free, a new one without owner. */
  private offer(worker: BodyWorker, owner?: string): void {
    if (this.mayStay(worker, owner)) this.idle.put(worker, owner, this.slow.has(worker));
    this.line.admit();
    this.restock();
  }

  private mayStay(worker: BodyWorker, owner: string | undefined): boolean {
    if (owner !== undefined && !this.options.keep) {
      worker.kill('stopped', 'it has served its call');
      return false;
    }
    if (this.slow.has(worker) && worker.setNiceness(callNiceness())) this.slow.delete(worker);
    return !this.slow.has(worker) || !this.renew(worker);
  }

  /** New workers that there should be. */
  private wanted(owned: number): number {
    const { size, spares } = this.options;
    const needed = Math.min(this.line.length, size - this.loans.size);
    return this.ahead ? Math.max(needed, spares, size - owned) : needed;
  }

  /** Starts the workers that are missing, where there are too many in the place of those that were idle longest. */
  private restock(): void {
    if (this.closing || this.resting > 0) return;
    const { fresh, owned: idle } = this.idle.counts();
    const owned = idle + this.loans.size;
    const coming = fresh + this.starts.size;
    const missing = this.wanted(owned) - coming;
    if (missing <= 0) return;
    const room = this.options.owned + this.options.spares - owned - coming;
    const most = room + (missing > room ? this.evict(missing - room) : 0);
    for (let i = 0; i < Math.min(missing, most); i += 1) this.startOne();
  }

  /** To start a process stops this thread for some milliseconds: the call that needs it to be done goes first. */
  private restockSoon(): void {
    this.restocking ??= setTimeout(() => {
      this.restocking = undefined;
      this.restock();
    }, soonMs).unref();
  }

  /** Ends workers that are idle. Returns how many there were. */
  private evict(most: number): number {
    for (let evicted = 0; evicted < most; evicted += 1) {
      const worker = this.idle.takeOldest();
      if (worker === undefined) return evicted;
      worker.kill('stopped', 'somebody else needs its place');
    }
    return most;
  }

  /** Replaces a worker that is behind all others, where none was replaced for some time. */
  private renew(worker: BodyWorker): boolean {
    const now = performance.now();
    if (now - this.renewedAt < renewEveryMs) return false;
    this.renewedAt = now;
    worker.kill('stopped', 'a call in it took much of the processor');
    return true;
  }

  private lost(worker: BodyWorker, { reason }: WorkerEnd): void {
    this.workers.delete(worker);
    this.slow.delete(worker);
    const loan = this.loans.get(worker);
    this.loans.delete(worker);
    this.idle.remove(worker);
    if (this.closing) return;
    if (loan) this.replace(loan);
    else if (reason !== 'stopped') this.rest();
    else this.restock();
  }

  /** The body has the place of its worker until another one has started. */
  private replace({ body }: Loan): void {
    this.line.broke(body);
    this.restock();
    void this.lastStart.then(() => this.line.replaced(body));
    this.line.admit();
  }

  private rest(): void {
    this.resting += 1;
    const rested = (): void => {
      this.resting -= 1;
      this.restock();
    };
    setTimeout(rested, retryMs).unref();
  }

  private startOne(): void {
    const start = this.options.start().then(
      (worker) => {
        this.starts.delete(start);
        if (this.closing) return this.end(worker);
        this.adopt(worker);
      },
      (error: unknown) => {
        this.starts.delete(start);
        if (this.closing) return;
        this.options.failed(error);
        this.rest();
      },
    );
    this.starts.add(start);
    this.lastStart = start;
  }

  private weigh(): void {
    const { memoryBytes, size, spares } = this.options;
    let all = 0;
    for (const worker of this.workers) {
      const bytes = worker.residentBytes() ?? 0;
      all += bytes;
      if (bytes > memoryBytes) worker.kill('memory', 'resident memory above the limit');
    }
    if (all > memoryBytes * (size + spares)) this.evict(1);
    for (const [worker, loan] of this.loans) if (!this.slow.has(worker)) this.judge(worker, loan);
  }

  private judge(worker: BodyWorker, loan: Loan): void {
    const spent = worker.processorMs();
    if (spent === undefined) return;
    loan.sinceMs ??= spent;
    if (spent - loan.sinceMs >= quickMs && worker.setNiceness(slowNiceness)) this.slow.add(worker);
  }
}
