import type { Buckets, Charge, Level } from './buckets.js';
import { decide } from './buckets.js';

interface Bucket {
  tokens: number;
  /** Of the monotonic clock, milliseconds. */
  at: number;
}

const maxBuckets = 100_000;

/**
 * Buckets in this process, on the monotonic clock. An absent bucket is a full one; of more than `bound`, the ones that were
 * touched longest ago are forgotten. A refusal makes no bucket, so that only granted calls take memory.
 */
export function createMemoryBuckets(
  now: () => number = () => performance.now(),
  bound = maxBuckets,
): Buckets & { readonly take: (charges: readonly Charge[]) => ReturnType<typeof decide> } {
  const buckets = new Map<string, Bucket>();

  function levelOf(charge: Charge, at: number): Level {
    const { key, rate } = charge;
    const bucket = buckets.get(key);
    if (bucket === undefined) return { ...charge, tokens: rate.burst };
    const filled = bucket.tokens + ((at - bucket.at) * rate.perMinute) / 60_000;
    return { ...charge, tokens: Math.min(rate.burst, filled) };
  }

  function put({ key, tokens }: Level, at: number): void {
    buckets.delete(key);
    buckets.set(key, { tokens: tokens - 1, at });
    if (buckets.size <= bound) return;
    const [oldest] = buckets.keys();
    if (oldest !== undefined) buckets.delete(oldest);
  }

  return {
    take: (charges) => {
      const at = now();
      const levels = charges.map((charge) => levelOf(charge, at));
      const taken = decide(levels);
      if (taken.granted) for (const level of levels) put(level, at);
      return taken;
    },
    close: () => Promise.resolve(),
  };
}
