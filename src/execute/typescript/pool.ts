import { setTimeout as delay } from 'node:timers/promises';
import { OverloadedError, ShuttingDownError } from '../../errors.js';
import type { ToWorker } from './protocol.js';
import type { BodyWorker } from './worker.js';

/** How often workers are weighed, milliseconds. */
const weighEveryMs = 25;
/** How long a worker may take to end by itself, milliseconds. */
const farewellMs = 2000;
/** Pause before a worker is started again after one that could not start, milliseconds. */
const retryMs = 1000;

export interface WorkerPoolOptions {
  readonly size: number;
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

interface Waiter {
  readonly admit: (worker: BodyWorker) => void;
  readonly refuse: (error: Error) => void;
}

/**
 * Keeps workers and lends each to one call at a time. A worker that ended, or in which a call left something running, is
 * replaced. Who finds no worker waits in order of arrival; a full queue is an `OverloadedError`.
 */
export class WorkerPool {
  private readonly options: WorkerPoolOptions;
  private readonly workers = new Set<BodyWorker>();
  private readonly idle: BodyWorker[] = [];
  private readonly waiters = new Set<Waiter>();
  private readonly scales: NodeJS.Timeout;
  private starting = 0;
  private closing = false;

  constructor(options: WorkerPoolOptions) {
    this.options = options;
    this.scales = setInterval(() => this.weigh(), weighEveryMs).unref();
  }

  /** Takes a worker in that was started elsewhere. */
  adopt(worker: BodyWorker): void {
    this.workers.add(worker);
    void worker.ended.then(() => this.lost(worker));
    this.offer(worker);
  }

  /** Starts workers until there are `count`. Resolves when they are ready. */
  async fill(count = this.options.size): Promise<void> {
    const missing = count - this.workers.size - this.starting;
    await Promise.all(Array.from({ length: Math.max(0, missing) }, () => this.startOne()));
  }

  async lend(signal: AbortSignal): Promise<WorkerLoan> {
    signal.throwIfAborted();
    if (this.closing) throw new ShuttingDownError('The workers are stopping');
    const worker = this.takeIdle() ?? (await this.wait(signal));
    let out = true;
    return {
      worker,
      giveBack: () => {
        if (out) this.offer(worker);
        out = false;
      },
    };
  }

  /** Ends all workers. Calls that run in them fail. */
  async close(): Promise<void> {
    this.closing = true;
    clearInterval(this.scales);
    for (const waiter of this.waiters) waiter.refuse(new ShuttingDownError('The workers are stopping'));
    this.waiters.clear();
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

  private takeIdle(): BodyWorker | undefined {
    for (let worker = this.idle.pop(); worker; worker = this.idle.pop()) if (worker.usable()) return worker;
    return undefined;
  }

  private offer(worker: BodyWorker): void {
    if (!worker.usable()) {
      worker.kill('stopped', 'a call left something running in it');
      return;
    }
    for (const waiter of this.waiters) {
      this.waiters.delete(waiter);
      waiter.admit(worker);
      return;
    }
    this.idle.push(worker);
  }

  private lost(worker: BodyWorker): void {
    this.workers.delete(worker);
    const place = this.idle.indexOf(worker);
    if (place !== -1) this.idle.splice(place, 1);
    if (this.closing) return;
    // One that ended by itself, without a call, will do so again: a start costs more than it does.
    if (place === -1) void this.startOne();
    else this.startLater();
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
  }

  private async wait(signal: AbortSignal): Promise<BodyWorker> {
    if (this.waiters.size >= this.options.queue) {
      throw new OverloadedError('Too many calls are waiting for a worker; try again later');
    }
    if (this.workers.size + this.starting < this.options.size) void this.startOne();
    return await new Promise<BodyWorker>((resolve, reject) => {
      const stop = (): void => {
        this.waiters.delete(waiter);
        reject(signal.reason instanceof Error ? signal.reason : new Error('Aborted'));
      };
      const settle = (work: () => void): void => {
        signal.removeEventListener('abort', stop);
        work();
      };
      const waiter: Waiter = {
        admit: (worker) => settle(() => resolve(worker)),
        refuse: (error) => settle(() => reject(error)),
      };
      this.waiters.add(waiter);
      signal.addEventListener('abort', stop, { once: true });
    });
  }
}
