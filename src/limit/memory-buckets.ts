import type { Buckets, Charge, Level, Taken } from './buckets.js';
import { decide } from './buckets.js';
import type { TierCounter } from './tier-statistics.js';
import { recentMap } from '../lib/recent-map.js';

interface Bucket {
  readonly tokens: number;
  /** Of the monotonic clock, milliseconds. */
  readonly at: number;
}

/** Buckets that answer at once. */
interface MemoryBuckets extends Buckets {
  take(charges: readonly Charge[]): Taken;
}

const maxBuckets = 100_000;

/**
 * Buckets in this process, on the monotonic clock. An absent bucket is a full one; of more than `bound`, those that were
 * touched longest ago are forgotten. A refusal makes no bucket, so that only granted calls take memory. `note` hears of each
 * decision.
 */
export function createMemoryBuckets(
  now: () => number = () => performance.now(),
  bound = maxBuckets,
  note: TierCounter['note'] = () => undefined,
): MemoryBuckets {
  const buckets = recentMap<string, Bucket>(bound);

  function levelOf(charge: Charge, at: number): Level {
    const { key, rate } = charge;
    const bucket = buckets.get(key);
    if (bucket === undefined) return { ...charge, tokens: rate.burst };
    const filled = bucket.tokens + ((at - bucket.at) * rate.perMinute) / 60_000;
    return { ...charge, tokens: Math.min(rate.burst, filled) };
  }

  return {
    take: (charges) => {
      const at = now();
      const levels = charges.map((charge) => levelOf(charge, at));
      note(levels);
      const taken = decide(levels);
      if (taken.granted) for (const { key, tokens } of levels) buckets.set(key, { tokens: tokens - 1, at });
      return taken;
    },
    close: () => Promise.resolve(),
  };
}
