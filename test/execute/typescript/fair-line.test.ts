import { describe, expect, it } from 'vitest';
import { CancelledError } from '../../../src/errors.js';
import { FairLine } from '../../../src/execute/typescript/fair-line.js';

const [hot, other, third] = [1, 2, 3];

/** A line for `size` places, and who got one, in order. */
function open(size: number, share: number, queue = 8) {
  const free = Array.from({ length: size }, (_, index) => index);
  const got: number[] = [];
  const line = new FairLine<number>({
    share,
    queue,
    take: (body) => {
      const place = free.pop();
      if (place !== undefined) got.push(body);
      return place;
    },
  });
  const enter = async (body: number, signal = new AbortController().signal): Promise<number> =>
    line.enter(body, '', signal);
  const enterAll = (body: number, times: number): void => {
    for (let i = 0; i < times; i += 1) void enter(body);
  };
  const freeOne = (): void => {
    free.push(0);
    line.admit();
  };
  const giveBack = (body: number): void => {
    line.returned(body);
    freeOne();
  };
  return { line, got, enter, enterAll, giveBack, freeOne };
}

describe('who gets a worker', () => {
  it('no body has more than its share, and the others find one', () => {
    const { got, enterAll } = open(4, 3);
    enterAll(hot, 6);
    enterAll(other, 1);
    expect(got).toEqual([hot, hot, hot, other]);
  });

  it('bodies take turns, however many calls of one wait', () => {
    const { got, enterAll, giveBack } = open(1, 1, 100);
    enterAll(hot, 50);
    enterAll(other, 2);
    enterAll(third, 1);
    for (let i = 0; i < 5; i += 1) giveBack(got.at(-1) ?? hot);
    expect(got).toEqual([hot, hot, other, third, hot, other]);
  });

  it('calls of one body go in order of arrival', async () => {
    const { enter, giveBack } = open(1, 1);
    const order: string[] = [];
    await enter(hot);
    const waiting = ['first', 'second'].map((name) => enter(hot).then(() => order.push(name)));
    giveBack(hot);
    await waiting[0];
    giveBack(hot);
    await waiting[1];
    expect(order).toEqual(['first', 'second']);
  });

  it('callers of one body take turns, however many calls of one wait', () => {
    const order: string[] = [];
    let free = 0;
    const line = new FairLine<string>({
      share: 1,
      queue: 100,
      take: (_, owner) => {
        if (free === 0) return undefined;
        free -= 1;
        order.push(owner);
        return owner;
      },
    });
    const { signal } = new AbortController();
    for (const owner of ['ada', 'ada', 'ada', 'bob', 'cy']) void line.enter(hot, owner, signal);
    for (let i = 0; i < 5; i += 1) {
      free = 1;
      line.admit();
      line.returned(hot);
    }
    expect(order).toEqual(['ada', 'bob', 'cy', 'ada', 'ada']);
  });

  it('who cannot have what is free lets the others pass, and goes first when he can', async () => {
    const free = new Set<string>();
    const take = (_: number, owner: string) => {
      const place = [owner, 'new'].find((each) => free.delete(each));
      return place;
    };
    const line = new FairLine<string>({ share: 4, queue: 10, take });
    const { signal } = new AbortController();
    const first = line.enter(hot, 'ada', signal);
    free.add('bob');
    expect(line.enter(hot, 'bob', signal)).toBe('bob');
    const second = line.enter(other, 'cy', signal);
    free.add('new');
    line.admit();
    expect(await first).toBe('new');
    free.add('cy');
    line.admit();
    expect(await second).toBe('cy');
  });

  it('one that breaks its worker waits for the new one, until a call of it gives one back whole', () => {
    const { line, got, enterAll, giveBack, freeOne } = open(4, 4);
    enterAll(hot, 1);
    line.broke(hot);
    enterAll(hot, 3);
    expect(got).toEqual([hot]);
    enterAll(other, 2);
    expect(got).toEqual([hot, other, other]);
    freeOne();
    line.replaced(hot);
    expect(got).toEqual([hot, other, other, hot]);
    giveBack(hot);
    expect(got).toEqual([hot, other, other, hot, hot, hot]);
  });

  it('one body fills three quarters of the queue at most', async () => {
    const { enter, enterAll } = open(0, 1, 4);
    enterAll(hot, 3);
    await expect(enter(hot)).rejects.toMatchObject({ code: 'CALL_OVERLOADED' });
    enterAll(other, 1);
    await expect(enter(third)).rejects.toMatchObject({ code: 'CALL_OVERLOADED' });
  });

  it('who is cancelled leaves the line', async () => {
    const { got, enter, enterAll, freeOne } = open(0, 1, 1);
    const cancel = new AbortController();
    const gone = enter(hot, cancel.signal);
    cancel.abort(new CancelledError('gone'));
    await expect(gone).rejects.toThrow('gone');
    enterAll(other, 1);
    freeOne();
    expect(got).toEqual([other]);
  });

  it('at the end everybody is refused', async () => {
    const { line, enter } = open(0, 1);
    const waiting = [enter(hot), enter(other)];
    line.refuseAll(new Error('closing'));
    for (const each of waiting) await expect(each).rejects.toThrow('closing');
  });
});
