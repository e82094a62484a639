import pino from 'pino';
import type { Logger } from '../engine/logger.js';
import type { LoggingSettings } from '../model/settings.js';
import type { Context, TextSink } from './context.js';
import { prettyLine } from './pretty-line.js';

function destination(sink: TextSink, format: LoggingSettings['format']): { write: (line: string) => void } {
  const pretty = format === 'pretty' || (format === 'auto' && sink.isTTY === true);
  return { write: (line) => void sink.write(pretty ? prettyLine(line) : line) };
}

/** The program's own log, on stderr: JSON lines or text, as the user config says, else text on a terminal; errors only with `--quiet`. */
export function createLogger(context: Context, settings: LoggingSettings): Logger {
  const level = context.options.quiet && settings.level !== 'silent' ? 'error' : settings.level;
  return pino({ level, base: { name: 'mxcp' } }, destination(context.world.stderr, settings.format));
}

/** The log of a command that makes calls itself and tells how they ended: what is worth a warning. */
export function createQuietLogger(context: Context, settings: LoggingSettings): Logger {
  const level = context.options.debug ? 'debug' : context.options.quiet ? 'error' : 'warn';
  return createLogger(context, { ...settings, level });
}
