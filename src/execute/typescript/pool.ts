import { setTimeout as delay } from 'node:timers/promises';
import { ShuttingDownError } from '../../errors.js';
import type { StopSignal } from '../../lib/stop-signal.js';
import type { ToWorker } from './protocol.js';
import { callNiceness, slowNiceness } from './processor.js';
import { FairLine } from './fair-line.js';
import type { BodyWorker } from './worker.js';
import type { WorkerEnd } from './worker-link.js';

/** How often workers are weighed, milliseconds. */
const weighEveryMs = 25;
/** How long a worker may take to end by itself, milliseconds. */
const farewellMs = 2000;
/** Pause before a worker is started again after one that could not start, milliseconds. */
const retryMs = 1000;
/** Processor time after which a call goes on behind all others, milliseconds. */
const quickMs = 50;
/** Workers that stay behind all others are replaced, one in so many milliseconds. */
const renewEveryMs = 10_000;

export interface WorkerPoolOptions {
  readonly size: number;
  /** Workers that calls of one body may have at once. */
  readonly share: number;
  /** Calls that may wait. */
  readonly queue: number;
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
  /** Processor time of its worker when it was looked at first, milliseconds. */
  sinceMs: number | undefined;
}

/**
 * Keeps workers and lends each to one call at a time (`FairLine` says to whom). A worker that ended, or in which a call
 * left something running, is replaced. A call that takes much of the processor goes on behind all others.
 */
export class WorkerPool {
  private readonly options: WorkerPoolOptions;
  private readonly workers = new Set<BodyWorker>();
  private readonly idle: BodyWorker[] = [];
  private readonly loans = new Map<BodyWorker, Loan>();
  /** Workers that are behind all others. */
  private readonly slow = new Set<BodyWorker>();
  private readonly line: FairLine<BodyWorker>;
  private readonly scales: NodeJS.Timeout;
  private renewedAt = -Infinity;
  private starting = 0;
  private closing = false;

  constructor(options: WorkerPoolOptions) {
    this.options = options;
    const { share, queue } = options;
    this.line = new FairLine<BodyWorker>({ share, queue, take: (body) => this.takeIdle(body) });
    this.scales = setInterval(() => this.weigh(), weighEveryMs).unref();
  }

  /** Takes a worker in that was started elsewhere. */
  adopt(worker: BodyWorker): void {
    this.workers.add(worker);
    void worker.ended.then((end) => this.lost(worker, end));
    this.offer(worker);
  }

  /** Starts workers until there are `count`. Resolves when they are ready. */
  async fill(count = this.options.size): Promise<void> {
    const missing = count - this.workers.size - this.starting;
    await Promise.all(Array.from({ length: Math.max(0, missing) }, () => this.startOne()));
  }

  /** A worker for one call of a body. */
  async lend(body: number, signal: StopSignal): Promise<WorkerLoan> {
    signal.throwIfAborted();
    if (this.closing) throw new ShuttingDownError('The workers are stopping');
    const entered = this.line.enter(body, signal);
    if (entered instanceof Promise && this.workers.size + this.starting < this.options.size)
      void this.startOne();
    const worker = entered instanceof Promise ? await entered : entered;
    let out = true;
    return {
      worker,
      giveBack: () => {
        if (out) this.takeBack(worker, body);
        out = false;
      },
    };
  }

  /** Ends all workers. Calls that run in them fail. */
  async close(): Promise<void> {
    this.closing = true;
    clearInterval(this.scales);
    this.line.refuseAll(new ShuttingDownError('The workers are stopping'));
    const workers = [...this.workers];
    await Promise.all(workers.map((worker) => this.end(worker)));
  }

  private async end(worker: BodyWorker): Promise<void> {
    const { farewell } = this.options;
    if (farewell && worker.usable()) {
      worker.send(farewell);
      const late = new AbortController();
      const waited = delay(farewellMs, undefined, { signal: late.signal }).catch(() => undefined);
      await Promise.race([worker.ended, waited]).finally(() => late.abort());
    }
    worker.kill('stopped', 'the server closes its workers');
    await worker.ended;
  }

  private takeIdle(body: number): BodyWorker | undefined {
    let worker = this.idle.pop();
    while (worker && !worker.usable()) worker = this.idle.pop();
    if (worker) this.loans.set(worker, { body, sinceMs: undefined });
    return worker;
  }

  private takeBack(worker: BodyWorker, body: number): void {
    if (!worker.usable()) {
      worker.kill('stopped', 'a call left something running in it');
      return;
    }
    this.loans.delete(worker);
    this.line.returned(body);
    this.offer(worker);
  }

  private offer(worker: BodyWorker): void {
    if (this.slow.has(worker) && worker.setNiceness(callNiceness())) this.slow.delete(worker);
    if (this.slow.has(worker) && this.renew(worker)) return;
    if (this.slow.has(worker)) this.idle.unshift(worker);
    else this.idle.push(worker);
    this.line.admit();
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
    const place = this.idle.indexOf(worker);
    if (place !== -1) this.idle.splice(place, 1);
    if (this.closing) return;
    if (loan) this.replace(loan);
    // One that ended by itself, without a call, will do so again: a start costs more than it does.
    else if (reason !== 'stopped') this.startLater();
    else void this.startOne();
  }

  private replace({ body }: Loan): void {
    this.line.broke(body);
    void this.startOne().finally(() => this.line.replaced(body));
  }

  private startLater(): void {
    setTimeout(() => void this.startOne(), retryMs).unref();
  }

  private isClosing(): boolean {
    return this.closing;
  }

  private async startOne(): Promise<void> {
    if (this.closing || this.workers.size + this.starting >= this.options.size) return;
    this.starting += 1;
    try {
      const worker = await this.options.start();
      if (this.isClosing()) worker.kill('stopped', 'the server closes its workers');
      else this.adopt(worker);
    } catch (error) {
      this.options.failed(error);
      this.startLater();
    } finally {
      this.starting -= 1;
    }
  }

  private weigh(): void {
    for (const worker of this.workers) {
      const bytes = worker.residentBytes() ?? 0;
      if (bytes > this.options.memoryBytes) worker.kill('memory', 'resident memory above the limit');
    }
    for (const [worker, loan] of this.loans) if (!this.slow.has(worker)) this.judge(worker, loan);
  }

  private judge(worker: BodyWorker, loan: Loan): void {
    const spent = worker.processorMs();
    if (spent === undefined) return;
    loan.sinceMs ??= spent;
    if (spent - loan.sinceMs >= quickMs && worker.setNiceness(slowNiceness)) this.slow.add(worker);
  }
}
