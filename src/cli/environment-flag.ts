import { UsageError } from '../errors.js';
import type { World } from './context.js';

const values = new Map([
  ...['true', '1', 'yes', 'on'].map((text) => [text, true] as const),
  ...['false', '0', 'no', 'off'].map((text) => [text, false] as const),
]);

/** A boolean option by its environment twin (spec page 02): undefined when unset or empty. Throws `UsageError`. */
export function environmentFlag(env: World['env'], name: string): boolean | undefined {
  const text = env[name]?.trim().toLowerCase();
  if (text === undefined || text === '') return undefined;
  const value = values.get(text);
  if (value === undefined) throw new UsageError(`The environment variable ${name} must be true or false`);
  return value;
}

/** A text option by its environment twin: undefined when unset or empty. */
export function environmentText(env: World['env'], name: string): string | undefined {
  const text = env[name]?.trim();
  return text === '' ? undefined : text;
}
