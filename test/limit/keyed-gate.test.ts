import { describe, expect, it } from 'vitest';
import { CancelledError } from '../../src/errors.js';
import { createKeyedGate } from '../../src/limit/keyed-gate.js';

const { signal } = new AbortController();

describe('places for calls at once', () => {
  it('are taken at once by each key while it has some', () => {
    const gate = createKeyedGate(2, 0);
    expect(gate.enter('ada', signal)).toBeTypeOf('function');
    expect(gate.enter('ada', signal)).toBeTypeOf('function');
    expect(gate.enter('ada', signal)).toBeUndefined();
    expect(gate.enter('__proto__', signal)).toBeTypeOf('function');
  });

  it('are handed on in the order of coming, each once', async () => {
    const gate = createKeyedGate(1, 2);
    const order: string[] = [];
    const first = await gate.enter('ada', signal);
    const waiting = ['second', 'third'].map(async (name) => {
      const leave = await gate.enter('ada', signal);
      order.push(name);
      return leave;
    });
    expect(gate.enter('ada', signal)).toBeUndefined();
    first?.();
    first?.();
    const second = await waiting[0];
    expect(order).toEqual(['second']);
    second?.();
    (await waiting[1])?.();
    expect(order).toEqual(['second', 'third']);
    expect(gate.enter('ada', signal)).toBeTypeOf('function');
  });

  it('are not waited for any longer than the call lives', async () => {
    const gate = createKeyedGate(1, 1);
    const first = await gate.enter('ada', signal);
    const controller = new AbortController();
    const waiting = gate.enter('ada', controller.signal);
    controller.abort(new CancelledError('too late'));
    await expect(waiting).rejects.toThrow('too late');
    await expect(Promise.resolve(gate.enter('ada', controller.signal))).rejects.toThrow('too late');
    first?.();
    expect(gate.enter('ada', signal)).toBeTypeOf('function');
  });
});
