const texts = {
  slow: 'took too long, and was stopped',
  off: 'took too long again and again, and is off until the site is loaded again',
  starting: 'cannot answer yet: its worker is starting again',
  large: 'was given more text at once than it may',
  failed: 'failed; the log of the server has the reason',
  gone: 'is not part of the site any more',
} as const;

const known = new RegExp(`The plugin function [a-z_][a-z0-9_]{0,199} (?:${Object.values(texts).join('|')})`);

/**
 * Why a function of a plugin has no answer. The message names the function only, never a value or what the function
 * itself said: DuckDB carries it on to the caller.
 */
export class PluginFunctionError extends Error {
  constructor(name: string, reason: keyof typeof texts) {
    super(`The plugin function ${name} ${texts[reason]}`);
  }
}

/** The words of a `PluginFunctionError` in what DuckDB says of the statement that it failed. */
export function pluginFunctionText(message: string): string | undefined {
  return known.exec(message)?.[0];
}
