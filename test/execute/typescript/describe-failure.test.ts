import { describe, expect, it } from 'vitest';
import { describeFailure } from '../../../src/execute/typescript/worker/describe-failure.js';

describe('what is told of an error', () => {
  it('has its cause for the log, and not in the message', async () => {
    const error = await fetch('http://127.0.0.1:1/').catch((caught: unknown) => caught);
    const { message, stack } = describeFailure(error);
    expect(message).toBe('fetch failed');
    expect(stack).toMatch(/\nCaused by \w*Error: /);
  });

  it.each([
    [
      'a getter that throws',
      {
        get: () => {
          throw new Error('no');
        },
      },
    ],
    ['a text', { value: 'because' }],
    ['an empty object', { value: {} }],
  ])('has nothing of a cause that is %s', (_, cause) => {
    const { stack } = describeFailure(Object.defineProperty(new Error('broken'), 'cause', cause));
    expect(stack).toMatch(/^Error: broken\n/);
    expect(stack).not.toContain('Caused by');
  });
});
