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

  it.each([
    ['a text', 'boom', '(string)'],
    ['nothing', undefined, '(undefined)'],
    ['null', null, '(null)'],
  ])('that is %s says that it is none, and what to throw', (_, thrown, kind) => {
    const { message } = describeFailure(thrown);
    expect(message).toContain(kind);
    expect(message).toContain('throw new Error(…)');
  });

  it('says what a worker may not, where Node only denies it', () => {
    const denied = Object.assign(new Error('Access to this API has been restricted'), {
      code: 'ERR_ACCESS_DENIED',
    });
    expect(describeFailure(denied).stack).toContain('Bodies write no file');
    expect(describeFailure(new Error('no')).stack).not.toContain('Bodies');
  });
});
