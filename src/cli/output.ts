import type { Context, ExitCode } from './context.js';
import { printableJson } from './printable.js';

/**
 * How a command gives its result: `--json` prints `{"status":"ok","result":…}` as the only thing on stdout, else the
 * text for people is printed. `result` is any value that `JSON.stringify` takes; `text` is only called when needed.
 */
export function printResult(
  context: Context,
  result: unknown,
  text: () => string,
  code: ExitCode = 0,
): ExitCode {
  if (context.options.json) printJson(context, { status: 'ok', result });
  else printText(context, text());
  return code;
}

/** One JSON document on stdout. */
export function printJson(context: Context, document: object): void {
  context.world.stdout.write(`${printableJson(document)}\n`);
}

/** Text for people on stdout; nothing for an empty text. */
export function printText(context: Context, text: string): void {
  if (text === '') return;
  context.world.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** A remark on stderr, unless `--quiet`. Problems are not remarks: they go through `printProblems`. */
export function printNote(context: Context, text: string): void {
  if (!context.options.quiet) context.world.stderr.write(`${text}\n`);
}
