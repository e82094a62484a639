import type { LoadFailure } from '../protocol.js';
import { describeFailure } from './describe-failure.js';

/** A function as the author exports it: a body, `create`, `onInit` or `onShutdown`. */
export type AuthorFunction = (...args: readonly unknown[]) => unknown;

/** What was thrown while a module was loaded, or by what runs at load. */
export function failedLoad(error: unknown): LoadFailure {
  const { name, message, stack } = describeFailure(error);
  return { reason: 'threw', message: `${name}: ${message}`, stack };
}

function exportsText(loaded: Readonly<Record<string, unknown>>, wanted: string | undefined): string {
  if (wanted !== undefined) return `What the module exports as ${wanted} is no function`;
  const found = Object.keys(loaded);
  return found.length === 0 ? 'The module exports nothing' : `The module exports ${found.join(', ')}`;
}

/** Imports a module and finds a function in it: the first export of `names` that is there. */
export async function importFunction(
  url: string,
  names: readonly string[],
): Promise<{ readonly exported: AuthorFunction } | { readonly failure: LoadFailure }> {
  try {
    const loaded = (await import(url)) as Readonly<Record<string, unknown>>;
    const name = names.find((each) => Object.hasOwn(loaded, each));
    const exported = name === undefined ? undefined : loaded[name];
    if (typeof exported === 'function') return { exported: exported as AuthorFunction };
    return { failure: { reason: 'no-callable', message: exportsText(loaded, name), stack: '' } };
  } catch (error) {
    return { failure: failedLoad(error) };
  }
}
