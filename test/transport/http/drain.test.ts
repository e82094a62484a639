import { describe, expect, it } from 'vitest';
import { createDrain } from '../../../src/transport/http/drain.js';

describe('a drain', () => {
  it('ends at once when nothing runs', async () => {
    const drain = createDrain();
    expect(drain.draining()).toBe(false);
    await drain.finish(60_000);
    expect(drain.draining()).toBe(true);
  });

  it('waits for a running call, and does not cancel one that ends within the grace', async () => {
    const drain = createDrain();
    const call = new AbortController();
    const leave = drain.enter(call);
    const finished = drain.finish(60_000);
    leave();
    await finished;
    expect(call.signal.aborted).toBe(false);
  });

  it('cancels what runs longer than the grace, and waits for it to react', async () => {
    const drain = createDrain();
    const call = new AbortController();
    const leave = drain.enter(call);
    let reacted = false;
    call.signal.addEventListener('abort', () => {
      setImmediate(() => {
        reacted = true;
        leave();
      });
    });
    await drain.finish(0);
    expect(reacted).toBe(true);
    expect(call.signal.reason).toMatchObject({ code: 'CALL_SHUTTING_DOWN' });
  });
});
