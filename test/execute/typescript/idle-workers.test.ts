import { describe, expect, it } from 'vitest';
import { IdleWorkers } from '../../../src/execute/typescript/idle-workers.js';

const worker = (name: string, usable = true) => ({ name, usable: () => usable });

function open(...workers: readonly (readonly [name: string, owner?: string, slow?: boolean])[]) {
  const idle = new IdleWorkers<ReturnType<typeof worker>>();
  for (const [name, owner, slow = false] of workers) idle.put(worker(name), owner, slow);
  return idle;
}

describe('an idle worker', () => {
  it('goes to its owner, the one used last first, and then a new one', () => {
    const idle = open(['first', 'ada'], ['new'], ['second', 'ada'], ['other', 'bob'], ['slow', 'ada', true]);
    const taken = Array.from({ length: 5 }, () => idle.take('ada')?.name);
    expect(taken).toEqual(['second', 'first', 'slow', 'new', undefined]);
    expect(idle.take('bob')?.name).toBe('other');
  });

  it('that has ended goes to nobody', () => {
    const idle = open(['new']);
    idle.put(worker('ended', false), 'ada', false);
    expect(idle.take('ada')?.name).toBe('new');
  });

  it('makes room when nobody has used it for the longest time; new ones stay', () => {
    const idle = open(['new'], ['first', 'ada'], ['second', 'bob']);
    expect(idle.counts()).toEqual({ fresh: 1, owned: 2 });
    expect([idle.takeOldest()?.name, idle.takeOldest()?.name, idle.takeOldest()]).toEqual([
      'first',
      'second',
      undefined,
    ]);
    expect(idle.counts()).toEqual({ fresh: 1, owned: 0 });
  });

  it('that is gone is not there any more', () => {
    const idle = new IdleWorkers<ReturnType<typeof worker>>();
    const gone = worker('gone');
    idle.put(gone, 'ada', false);
    idle.remove(gone);
    idle.remove(gone);
    expect(idle.take('ada')).toBe(undefined);
  });
});
