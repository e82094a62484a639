import { createKeyedGate, type KeyedGate } from '../limit/keyed-gate.js';
import type { Buckets } from '../limit/buckets.js';
import { createMemoryBuckets } from '../limit/memory-buckets.js';
import { openRedisBuckets } from '../limit/redis-buckets.js';
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

/** Opens the limits of a project: of one that is `served` shared through Redis where its store is there, else in this process. */
export async function openRates(project: Project, logger: Logger, served: boolean): Promise<Rates> {
  const { persistence } = project.auth;
  const places = placesOf(project);
  if (!served || persistence.type !== 'redis') return { buckets: createMemoryBuckets(), places };
  const warn = (err: unknown): void => logger.warn({ err }, 'limits are not shared: Redis cannot be reached');
  const shared = { url: persistence.url, prefix: `mxcp:${project.name}:rate:`, warn };
  return { buckets: await openRedisBuckets(shared), places };
}
