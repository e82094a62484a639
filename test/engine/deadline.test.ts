import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startDeadline, type Deadline } from '../../src/engine/deadline.js';

const never = new AbortController().signal;

const codeOf = ({ signal }: Deadline): unknown => (signal.reason as { code?: unknown } | undefined)?.code;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the deadline of a call', () => {
  it('ends it with EXECUTE_TIMEOUT', () => {
    const deadline = startDeadline(1000, undefined, never);
    vi.advanceTimersByTime(999);
    expect(deadline.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(codeOf(deadline)).toBe('EXECUTE_TIMEOUT');
  });

  it('stands still while a human is asked, and then goes on with what was left', () => {
    const deadline = startDeadline(1000, undefined, never);
    vi.advanceTimersByTime(400);
    const goOn = deadline.pause();
    const alsoWaits = deadline.pause();
    vi.advanceTimersByTime(60_000);
    goOn();
    vi.advanceTimersByTime(60_000);
    alsoWaits();
    vi.advanceTimersByTime(599);
    expect(deadline.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(codeOf(deadline)).toBe('EXECUTE_TIMEOUT');
  });

  it('does not come any more after it was released, also when a pause ends later', () => {
    const deadline = startDeadline(1000, undefined, never);
    const goOn = deadline.pause();
    deadline.release();
    goOn();
    vi.advanceTimersByTime(60_000);
    expect(deadline.signal.aborted).toBe(false);
  });
});
