import pc from 'picocolors';
import type { Colors, TextSink, World } from './context.js';

/** Colours for a sink: only on a terminal, never with `--no-color` or `NO_COLOR` (https://no-color.org). */
export function colorsFor(sink: TextSink, env: World['env'], wanted: boolean): Colors {
  const noColor = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '';
  return pc.createColors(wanted && !noColor && sink.isTTY === true && env['TERM'] !== 'dumb');
}
