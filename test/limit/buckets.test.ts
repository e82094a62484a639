import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryBuckets } from '../../src/limit/memory-buckets.js';
import type { Rate } from '../../src/model/auth-settings.js';

const rate = (perMinute: number, burst: number): Rate => ({ perMinute, burst });

describe('a bucket', () => {
  it('lets a burst pass at once, then its rate', () => {
    let now = 0;
    const buckets = createMemoryBuckets(() => now);
    const take = () => buckets.take([{ key: 'ada', rate: rate(60, 3) }]);
    expect([take(), take(), take()].map(({ granted, state }) => [granted, state.remaining])).toEqual([
      [true, 2],
      [true, 1],
      [true, 0],
    ]);
    expect(take()).toEqual({
      granted: false,
      retryAfterSeconds: 1,
      key: 'ada',
      state: { limit: 3, remaining: 0, resetSeconds: 3 },
    });
    now = 999;
    expect(take().granted).toBe(false);
    now = 1_000;
    expect(take().granted).toBe(true);
    expect(take().granted).toBe(false);
  });

  it('never holds more than its burst, however long it was left alone', () => {
    let now = 0;
    const buckets = createMemoryBuckets(() => now);
    const take = () => buckets.take([{ key: 'ada', rate: rate(600, 5) }]).granted;
    take();
    now = 1e12;
    expect(Array.from({ length: 7 }, take)).toEqual([true, true, true, true, true, false, false]);
  });

  it('is of one key only', () => {
    const buckets = createMemoryBuckets(() => 0);
    const take = (key: string) => buckets.take([{ key, rate: rate(1, 1) }]).granted;
    expect([take('a'), take('b'), take('a'), take('__proto__'), take('constructor')]).toEqual([
      true,
      true,
      false,
      true,
      true,
    ]);
  });
});

describe('several buckets', () => {
  it('are taken from together: a refusal by one takes nothing from the others', () => {
    const buckets = createMemoryBuckets(() => 0);
    const all = { key: 'all', rate: rate(60, 10) };
    const ada = { key: 'ada', rate: rate(60, 1) };
    expect(buckets.take([all, ada]).granted).toBe(true);
    for (let index = 0; index < 100; index += 1) expect(buckets.take([all, ada]).granted).toBe(false);
    expect(buckets.take([all]).state.remaining).toBe(8);
  });

  it('tell of the tightest, and of the longest wait', () => {
    const buckets = createMemoryBuckets(() => 0);
    const charges = [
      { key: 'fast', rate: rate(600, 1) },
      { key: 'slow', rate: rate(1, 1) },
      { key: 'wide', rate: rate(60, 100) },
    ];
    expect(buckets.take(charges).state).toMatchObject({ limit: 1, remaining: 0 });
    expect(buckets.take(charges)).toMatchObject({ granted: false, retryAfterSeconds: 60 });
  });

  it('behave like a model that keeps every bucket, whatever happens', () => {
    const rates = [rate(60, 1), rate(600, 7), rate(90, 3), rate(6_000, 50)] as const;
    const step = fc.record({
      wait: fc.nat({ max: 5_000 }),
      keys: fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        let now = 0;
        const buckets = createMemoryBuckets(() => now);
        // The model counts in whole tokens × 60,000 per minute, without rounding.
        const model = new Map<number, { units: number; at: number }>();
        const rateOf = (key: number): Rate => rates[key % rates.length] ?? rates[0];
        for (const { wait, keys } of steps) {
          now += wait;
          const levels = keys.map((key) => {
            const { perMinute, burst } = rateOf(key);
            const { units, at } = model.get(key) ?? { units: burst * 60_000, at: now };
            return Math.min(burst * 60_000, units + (now - at) * perMinute);
          });
          const wanted = levels.every((units) => units >= 60_000);
          const taken = buckets.take(keys.map((key) => ({ key: String(key), rate: rateOf(key) })));
          // A bucket that is a rounding error away from a whole token may go either way.
          if (levels.some((units) => Math.abs(units - 60_000) < 1)) return;
          expect(taken.granted).toBe(wanted);
          if (!wanted) continue;
          keys.forEach((key, index) => model.set(key, { units: (levels[index] ?? 0) - 60_000, at: now }));
        }
      }),
      { numRuns: 200 },
    );
  });
});

/** Bytes of the heap that something still refers to. */
function liveHeap(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
  return process.memoryUsage().heapUsed;
}

describe('a million identities', () => {
  it('take bounded memory, and none when they are refused', () => {
    let now = 0;
    const buckets = createMemoryBuckets(() => now, 10_000);
    const global = { key: 'global', rate: rate(6_000, 1_000) };
    const before = liveHeap();
    let granted = 0;
    for (let index = 0; index < 100_000; index += 1) {
      now += 0.1;
      granted += Number(buckets.take([global, { key: `user ${index}`, rate: rate(600, 100) }]).granted);
    }
    expect(granted).toBeLessThanOrEqual(2_001);
    const alone = createMemoryBuckets(() => 0, 10_000);
    for (let index = 0; index < 1_000_000; index += 1)
      alone.take([{ key: `address ${index}`, rate: rate(60, 10) }]);
    expect(liveHeap() - before).toBeLessThan(16 * 1_048_576);
    expect(alone.take([{ key: 'address 0', rate: rate(60, 10) }]).granted).toBe(true);
  });

  it('cannot push out a bucket that is in use', () => {
    const buckets = createMemoryBuckets(() => 0, 1_000);
    const ada = { key: 'ada', rate: rate(1, 2_000) };
    for (let index = 0; index < 2_000; index += 1) {
      expect(buckets.take([ada]).granted).toBe(true);
      buckets.take([{ key: `stranger ${index}`, rate: rate(60, 10) }]);
    }
    expect(buckets.take([ada]).granted).toBe(false);
  });
});
