import { expect, it } from 'vitest';
import { inLots, type Lots } from '../../src/audit/in-lots.js';

/** Lots of numbers, kept as they came; odd ones fail, and a lot lasts until `release` is called. */
function recorded(): { lots: number[][]; add: Lots<number>['add']; release: () => void } {
  const lots: number[][] = [];
  let release = (): void => undefined;
  const work = async (lot: readonly number[]): Promise<(Error | undefined)[]> => {
    lots.push([...lot]);
    await new Promise<void>((resolve) => (release = resolve));
    return lot.map((item) => (item % 2 === 1 ? new Error(`${item}`) : undefined));
  };
  const { add } = inLots(work);
  return { lots, add, release: () => release() };
}

it('does together, in order, what comes in one turn', async () => {
  const { lots, add, release } = recorded();
  const all = Promise.all([2, 4, 6].map(add));
  await Promise.resolve();
  release();
  await all;
  expect(lots).toEqual([[2, 4, 6]]);
});

it('keeps what comes while a lot is at work for the next one, with what those ask for who were just answered', async () => {
  const { lots, add, release } = recorded();
  const first = add(2).then(() => add(4));
  await Promise.resolve();
  const second = add(6);
  const third = add(8);
  release();
  await new Promise(setImmediate);
  release();
  await Promise.all([first, second, third]);
  expect(lots).toEqual([[2], [6, 8, 4]]);
});

it('fails each item for itself', async () => {
  const { add, release } = recorded();
  const all = Promise.allSettled([1, 2, 3].map(add));
  await Promise.resolve();
  release();
  expect((await all).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected']);
});

it('fails a whole lot of which nothing is known, and goes on with the next', async () => {
  const { add } = inLots((lot: readonly number[]) =>
    lot.includes(1) ? Promise.reject(new Error('broken')) : Promise.resolve(lot.map(() => undefined)),
  );
  const ends = await Promise.allSettled([add(1), add(2)]);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await add(2);
});

it('is idle when nothing that was added is left', async () => {
  const done: number[] = [];
  const lots = inLots((lot: readonly number[]) => {
    done.push(...lot);
    return Promise.resolve(lot.map(() => undefined));
  });
  await lots.idle();
  void lots.add(1);
  void lots.add(2).then(() => lots.add(3));
  await lots.idle();
  expect(done).toEqual([1, 2, 3]);
});
