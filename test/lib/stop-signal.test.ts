import { describe, expect, it } from 'vitest';
import { StopSource, type StopSignal } from '../../src/lib/stop-signal.js';

const first = new Error('first');

describe('a stop source', () => {
  it('tells each listener of the first abort only, in the order of coming', () => {
    const source = new StopSource();
    const heard: string[] = [];
    source.addEventListener('abort', () => heard.push('a'));
    source.addEventListener('abort', () => heard.push('b'));
    source.abort(first);
    source.abort(new Error('second'));
    expect(heard).toEqual(['a', 'b']);
    expect(source.aborted).toBe(true);
    expect(source.reason).toBe(first);
  });

  it('does not tell a listener that was removed, once or twice', () => {
    const source = new StopSource();
    const heard: string[] = [];
    const gone = (): void => void heard.push('gone');
    source.addEventListener('abort', gone);
    source.addEventListener('abort', () => heard.push('here'));
    source.removeEventListener('abort', gone);
    source.removeEventListener('abort', gone);
    source.abort(first);
    expect(heard).toEqual(['here']);
  });

  it('throws its reason when it was aborted, and nothing before', () => {
    const source = new StopSource();
    source.throwIfAborted();
    source.abort(first);
    expect(() => source.throwIfAborted()).toThrow(first);
  });

  it('can be used wherever an AbortSignal can', () => {
    const heard: unknown[] = [];
    const [source, controller] = [new StopSource(), new AbortController()];
    const signals: readonly StopSignal[] = [source, controller.signal];
    for (const signal of signals)
      signal.addEventListener('abort', () => heard.push(signal.reason), { once: true });
    source.abort(first);
    controller.abort(first);
    expect(heard).toEqual([first, first]);
  });
});
