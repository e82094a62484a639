import { describe, expect, it } from 'vitest';
import { createMemoryBuckets } from '../../src/limit/memory-buckets.js';
import { createTierCounter } from '../../src/limit/tier-statistics.js';

const everybody = { key: 'global', rate: { perMinute: 600, burst: 50 } };
const one = (name: string) => ({ key: `per_user ${name}`, rate: { perMinute: 60, burst: 3 } });

describe('the statistics of limits', () => {
  it('have rate, burst, tokens left, calls, refusals and success in percent, tier by tier', () => {
    let now = 0;
    const { note, read } = createTierCounter();
    const buckets = createMemoryBuckets(() => now, 100, note);
    for (let call = 0; call < 3; call += 1) buckets.take([everybody, one('ada')]);
    now = 256; // a quarter of a token for ada, which is none
    buckets.take([everybody, one('ada')]);
    buckets.take([everybody, one('ben')]);
    expect(read()).toEqual([
      {
        tier: 'global',
        requestsPerMinute: 600,
        burst: 50,
        tokens: 47,
        total: 4,
        rejected: 0,
        successRate: 100,
      },
      {
        tier: 'per_user',
        requestsPerMinute: 60,
        burst: 3,
        tokens: 0,
        total: 5,
        rejected: 1,
        successRate: 80,
      },
    ]);
  });

  it('tell the fewest tokens since they were read last, to two decimals', () => {
    let now = 0;
    const { note, read } = createTierCounter();
    const buckets = createMemoryBuckets(() => now, 100, note);
    buckets.take([one('ada')]);
    buckets.take([one('ada')]);
    expect(read()[0]?.tokens).toBe(1);
    now = 123;
    buckets.take([one('ada')]);
    expect(read()[0]?.tokens).toBe(0.12);
    buckets.take([one('ben')]);
    expect(read()[0]).toMatchObject({ tokens: 2, total: 4, rejected: 0 });
  });

  it('have one entry for a tier, however many callers it has', () => {
    const { note, read } = createTierCounter();
    const buckets = createMemoryBuckets(() => 0, 100, note);
    for (let user = 0; user < 1000; user += 1) buckets.take([one(`user ${user}`)]);
    expect(read()).toMatchObject([{ tier: 'per_user', total: 1000 }]);
    expect(createTierCounter().read()).toEqual([]);
  });
});
