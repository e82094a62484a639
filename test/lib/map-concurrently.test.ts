import { expect, it } from 'vitest';
import { mapConcurrently } from '../../src/lib/map-concurrently.js';

it('gives results in the order of the items, and never has more than the limit at work', async () => {
  let atWork = 0;
  let most = 0;
  const results = await mapConcurrently([5, 1, 4, 2, 3], 2, async (turns) => {
    most = Math.max(most, (atWork += 1));
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    atWork -= 1;
    return turns * 10;
  });
  expect(results).toEqual([50, 10, 40, 20, 30]);
  expect(most).toBe(2);
});

it('begins nothing after a failure, and rejects when what was begun has ended', async () => {
  const ended: number[] = [];
  const mapping = mapConcurrently([1, 2, 3, 4], 2, async (item) => {
    if (item === 1) throw new Error('one');
    await new Promise(setImmediate);
    ended.push(item);
  });
  await expect(mapping).rejects.toThrow('one');
  expect(ended).toEqual([2]);
});

it('rejects with what failed first', async () => {
  const mapping = mapConcurrently([1, 2], 2, async (item) => {
    if (item === 1) await new Promise(setImmediate);
    throw new Error(`${item}`);
  });
  await expect(mapping).rejects.toThrow('2');
});
