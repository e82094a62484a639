import type { LoadFailure } from '../protocol.js';
import { describeFailure } from './describe-failure.js';

/** A body as the author exports it. */
export type BodyFunction = (args: unknown, ctx: unknown) => unknown;

/** Imports a module and finds its body: the first export of `names` that is there, else the default export. */
export async function loadModule(
  url: string,
  names: readonly string[],
): Promise<{ readonly body: BodyFunction } | { readonly failure: LoadFailure }> {
  try {
    const loaded = (await import(url)) as Readonly<Record<string, unknown>>;
    const name = [...names, 'default'].find((each) => Object.hasOwn(loaded, each));
    const body = name === undefined ? undefined : loaded[name];
    if (typeof body === 'function') return { body: body as BodyFunction };
    const found = Object.keys(loaded);
    const message =
      found.length === 0 ? 'The module exports nothing' : `The module exports ${found.join(', ')}`;
    return { failure: { reason: 'no-callable', message, stack: '' } };
  } catch (error) {
    const { name, message, stack } = describeFailure(error);
    return { failure: { reason: 'threw', message: `${name}: ${message}`, stack } };
  }
}
