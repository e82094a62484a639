import { createKeyedGate, type KeyedGate } from '../limit/keyed-gate.js';
import type { Buckets } from '../limit/buckets.js';
import { createMemoryBuckets } from '../limit/memory-buckets.js';
import { openRedisBuckets } from '../limit/redis-buckets.js';
import { createTierCounter, type TierCounter } from '../limit/tier-statistics.js';
import type { Project } from '../model/project.js';
import type { Logger } from './logger.js';

/** What limits calls: token buckets, and places for calls at once. */
export interface Rates {
  readonly buckets: Buckets;
  readonly places: KeyedGate;
}

/**
 * One caller never has all connections, and never more than a quarter of the queue, so that there is room for others however
 * long his calls take.
 */
function placesOf({ database: { pool, queue } }: Project): KeyedGate {
  return createKeyedGate(Math.max(1, Math.floor((pool * 3) / 4)), Math.floor((pool + queue) / 4));
}

const reportEveryMs = 60_000;

/** Puts the statistics of the limits into the log, each minute in which a call was refused and at the end; gives what ends it. */
function reportLimits({ read }: TierCounter, logger: Logger): () => void {
  let known = 0;
  const report = (): void => {
    const limits = read();
    const rejected = limits.reduce((sum, tier) => sum + tier.rejected, 0);
    if (rejected > known) logger.info({ limits }, 'limits refused calls');
    known = rejected;
  };
  const timer = setInterval(report, reportEveryMs).unref();
  return () => {
    clearInterval(timer);
    report();
  };
}

function whenClosed(buckets: Buckets, end: () => void): Buckets {
  const close = (): Promise<void> => {
    end();
    return buckets.close();
  };
  return { take: (charges) => buckets.take(charges), close };
}

/** Opens the limits of a project: of one that is `served` shared through Redis where its store is there, else in this process. */
export async function openRates(project: Project, logger: Logger, served: boolean): Promise<Rates> {
  const { persistence } = project.auth;
  const places = placesOf(project);
  const counter = createTierCounter();
  const { note } = counter;
  const open = async (): Promise<Buckets> => {
    if (!served || persistence.type !== 'redis') return createMemoryBuckets(undefined, undefined, note);
    const warn = (err: unknown): void =>
      logger.warn({ err }, 'limits are not shared: Redis cannot be reached');
    return openRedisBuckets({ url: persistence.url, prefix: `mxcp:${project.name}:rate:`, warn, note });
  };
  return { buckets: whenClosed(await open(), reportLimits(counter, logger)), places };
}
