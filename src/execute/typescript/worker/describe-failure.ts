import type { BodyFailure } from '../protocol.js';
import { isToolError } from '../../../author/api.js';
import { NotJson, TooLarge } from './to-json.js';

/** Longest text of an error that travels. */
const maxText = 16_384;

/** A text property of something that was thrown, whatever it is: reading it may throw, too. */
function textOf(error: object, name: 'name' | 'message' | 'stack' | 'code'): string {
  try {
    const value: unknown = Reflect.get(error, name);
    return typeof value === 'string' ? value.slice(0, maxText) : '';
  } catch {
    return ''; // a getter of the author's that throws: there is no text to tell
  }
}

function kindOf(error: unknown, refusedAsk: number | null): BodyFailure['kind'] {
  try {
    if (isToolError(error)) return 'tool';
  } catch {
    return 'error'; // a proxy that throws when it is looked at
  }
  if (error instanceof NotJson) return 'result';
  if (error instanceof TooLarge) return 'limit';
  return refusedAsk === null ? 'error' : 'relayed';
}

/** Why, where the error says so itself: `fetch failed` alone tells nobody that the port is closed. */
function causeOf(error: object): string {
  try {
    const cause: unknown = Reflect.get(error, 'cause');
    if (typeof cause !== 'object' || cause === null) return '';
    const why = textOf(cause, 'message') || textOf(cause, 'code');
    return why === '' ? '' : `\nCaused by ${textOf(cause, 'name') || 'Error'}: ${why}`;
  } catch {
    return ''; // a getter of the author's that throws
  }
}

/** What Node denies a worker, which its words do not say. */
function deniedOf(error: object): string {
  if (textOf(error, 'code') !== 'ERR_ACCESS_DENIED') return '';
  return '\nBodies write no file, read those of the site only and start no program: "What a body can reach" in docs/typescript.md';
}

/** Whatever a body threw, as texts. Never throws. */
export function describeFailure(error: unknown, refusedAsk: number | null = null): BodyFailure {
  const kind = kindOf(error, refusedAsk);
  if (typeof error !== 'object' || error === null) {
    const thrown = error === null ? 'null' : typeof error;
    const message = `It threw a value that is no error (${thrown}), and so has no line: throw new Error(…)`;
    return { kind, name: 'Error', message, stack: '', ask: null };
  }
  return {
    kind,
    name: textOf(error, 'name') || 'Error',
    message: textOf(error, 'message'),
    stack: textOf(error, 'stack') + causeOf(error) + deniedOf(error),
    ask: refusedAsk,
  };
}
