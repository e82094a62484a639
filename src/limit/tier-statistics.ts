import type { Level } from './buckets.js';

/** What became of the calls that one tier of limits has counted, since the server started. */
export interface TierStatistics {
  /** For example `per_user`. */
  readonly tier: string;
  readonly requestsPerMinute: number;
  readonly burst: number;
  /** The fewest that were left in any bucket of the tier since the last reading, to two decimals. */
  readonly tokens: number;
  /** Calls that the tier let pass or refused. */
  readonly total: number;
  readonly rejected: number;
  /** Percent, to two decimals. */
  readonly successRate: number;
}

/** Counts by tier. */
export interface TierCounter {
  /** Takes the levels of all buckets that one call was counted in, before its tokens were taken. */
  readonly note: (levels: readonly Level[]) => void;
  /** The tiers that have counted a call. */
  readonly read: () => readonly TierStatistics[];
}

interface Counts {
  readonly perMinute: number;
  readonly burst: number;
  fewest: number;
  total: number;
  rejected: number;
}

const decimals = (value: number): number => Math.round(value * 100) / 100;

function add(tiers: Map<string, Counts>, { key, rate, tokens }: Level, granted: boolean): void {
  const tier = key.split(' ', 1)[0] ?? key;
  const counts = tiers.get(tier) ?? { ...rate, fewest: rate.burst, total: 0, rejected: 0 };
  tiers.set(tier, counts);
  counts.total += 1;
  if (!granted) counts.rejected += 1;
  counts.fewest = Math.min(counts.fewest, granted ? tokens - 1 : tokens);
}

/** A counter of the tiers' calls. A call that one tier refuses counts in the tiers that refused it, and in no other. */
export function createTierCounter(): TierCounter {
  const tiers = new Map<string, Counts>();
  return {
    note: (levels) => {
      const empty = levels.filter(({ tokens }) => tokens < 1);
      for (const level of empty.length > 0 ? empty : levels) add(tiers, level, empty.length === 0);
    },
    read: () =>
      [...tiers].map(([tier, counts]) => {
        const { perMinute, burst, fewest, total, rejected } = counts;
        counts.fewest = burst;
        return {
          tier,
          requestsPerMinute: perMinute,
          burst,
          tokens: decimals(fewest),
          total,
          rejected,
          successRate: decimals((100 * (total - rejected)) / total),
        };
      }),
  };
}
