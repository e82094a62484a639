import { describe, expect, it } from 'vitest';
import { limitError } from '../../../src/execute/row-budget.js';
import { openCall, type CallMessage } from '../../../src/execute/typescript/open-call.js';
import type { ToWorker } from '../../../src/execute/typescript/protocol.js';
import { HostileMessage } from '../../../src/execute/typescript/read-message.js';
import { StopSource } from '../../../src/lib/stop-signal.js';
import { CancelledError } from '../../../src/errors.js';
import { quietHost } from './bodies.js';

const facts = { user: {}, request: {}, traceId: null, maxBytes: 1000 };
const rows: CallMessage = { type: 'ask', call: 1, ask: 1, operation: 'rows', input: { items: [1] } };
const done: CallMessage = {
  type: 'done',
  call: 1,
  result: { form: 'value', value: 'something else', cut: false },
  busy: false,
};

/** What a worker is sent, and what its call comes to, when it sends a lot and then says that it is done. */
async function outcome(
  takeRows: () => boolean,
  signal = new StopSource(),
): Promise<{ sent: ToWorker[]; code: unknown }> {
  const sent: ToWorker[] = [];
  const host = { ...quietHost, takeRows };
  const opened = openCall(
    1,
    { module: 0, args: {}, facts, host, signal },
    { characters: 0 },
    (message) => sent.push(message),
    () => undefined,
  );
  const code = opened.result.then(
    () => 'success',
    (error: unknown) => (error as { code?: unknown }).code,
  );
  await opened.receive(rows, 100);
  await opened.receive(done, 100);
  return { sent: sent.slice(1), code: await code };
}

describe('a worker that sends a lot of its result', () => {
  it('is asked for more of it', async () => {
    const { sent, code } = await outcome(() => true);
    expect(sent).toEqual([{ type: 'answer', call: 1, ask: 1, value: true }]);
    expect(code).toBe('success');
  });

  it('that was refused cannot make a success of it', async () => {
    const { sent, code } = await outcome(() => {
      throw limitError('max_rows');
    });
    expect(sent).toMatchObject([{ type: 'refusal', code: 'EXECUTE_LIMIT_EXCEEDED' }]);
    expect(code).toBe('EXECUTE_LIMIT_EXCEEDED');
  });

  it('after its call was stopped has it refused unread', async () => {
    const signal = new StopSource();
    signal.abort(new CancelledError('the test cancels'));
    const { sent, code } = await outcome(() => {
      throw new Error('it was read');
    }, signal);
    expect(sent).toMatchObject([{ type: 'abort' }, { type: 'refusal', code: 'CALL_CANCELLED' }]);
    expect(code).toBe('CALL_CANCELLED');
  });
});

describe('a worker that does not wait for answers', () => {
  it('has one lot of its result at a time in the memory of the server', async () => {
    let take: (more: boolean) => void = () => undefined;
    const takeRows = (): Promise<boolean> => new Promise((resolve) => (take = resolve));
    const run = { module: 0, args: {}, facts, host: { ...quietHost, takeRows }, signal: new StopSource() };
    const opened = openCall(
      1,
      run,
      { characters: 0 },
      () => undefined,
      () => undefined,
    );
    const first = opened.receive(rows, 100);
    await expect(opened.receive(rows, 100)).rejects.toBeInstanceOf(HostileMessage);
    take(true);
    await first;
    const next = opened.receive(rows, 100);
    take(true);
    await expect(next).resolves.toBeUndefined();
  });

  it('may ask for 64 MiB at once in all its calls, and for more when some of it is answered', async () => {
    const sent: ToWorker[] = [];
    const answers: (() => void)[] = [];
    const query = (): Promise<readonly []> => new Promise((resolve) => answers.push(() => resolve([])));
    const open = { characters: 0 };
    const begin = (call: number): ReturnType<typeof openCall> => {
      const run = { module: 0, args: {}, facts, host: { ...quietHost, query }, signal: new StopSource() };
      return openCall(
        call,
        run,
        open,
        (message) => sent.push(message),
        () => undefined,
      );
    };
    const calls = [begin(0), begin(1)];
    const ask = async (call: number, number: number): Promise<void> =>
      calls[call]?.receive(
        { type: 'ask', call, ask: number, operation: 'query', input: { sql: 'SELECT 1' } },
        40 * 1024 * 1024,
      );
    const first = ask(0, 1);
    await ask(1, 2);
    expect(sent.at(-1)).toMatchObject({ type: 'refusal', ask: 2, code: 'EXECUTE_FAILED' });
    expect(answers).toHaveLength(1);
    answers[0]?.();
    await first;
    const third = ask(1, 3);
    answers[1]?.();
    await third;
    expect(sent.slice(-2)).toMatchObject([
      { type: 'answer', ask: 1 },
      { type: 'answer', ask: 3 },
    ]);
    expect(open.characters).toBe(0);
  });
});
