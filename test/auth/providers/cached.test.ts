import { describe, expect, it } from 'vitest';
import { cached } from '../../../src/auth/providers/cached.js';

/** A document that a test can take down, with a clock of its own. */
function setUp() {
  const world = { now: 0, loads: 0, down: false };
  const load = async (): Promise<number> => {
    world.loads += 1;
    await Promise.resolve();
    if (world.down) throw new Error('down');
    return world.loads;
  };
  return { world, get: cached(load, 10_000, () => world.now) };
}

describe('a cached document', () => {
  it('is loaded once for everybody who asks at once, and again when it is too old', async () => {
    const { world, get } = setUp();
    expect(await Promise.all([get(), get(), get()])).toEqual([1, 1, 1]);
    world.now = 9_999;
    expect(await get()).toBe(1);
    world.now = 10_000;
    expect(await get()).toBe(2);
  });

  it('goes on for as long again while it cannot be loaded, and then is gone', async () => {
    const { world, get } = setUp();
    await get();
    Object.assign(world, { down: true, now: 10_000 });
    expect(await get()).toBe(1);
    world.now = 19_999;
    expect(await get()).toBe(1);
    world.now = 20_000;
    await expect(get()).rejects.toThrow('down');
  });

  it('that failed is asked for at most once a second, and comes back', async () => {
    const { world, get } = setUp();
    world.down = true;
    for (let attempt = 0; attempt < 5; attempt += 1) await expect(get()).rejects.toThrow('down');
    expect(world.loads).toBe(1);
    Object.assign(world, { down: false, now: 1_000 });
    expect(await get()).toBe(2);
  });
});
