import { printable } from './printable.js';

const levels = new Map([
  [20, 'debug'],
  [30, 'info'],
  [40, 'warn'],
  [50, 'error'],
  [60, 'fatal'],
]);

function parse(line: string): Readonly<Record<string, unknown>> | undefined {
  const value: unknown = JSON.parse(line);
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}

const shownElsewhere = new Set(['time', 'level', 'msg', 'name']);

/** A JSON line of pino as text for people: time, level, message, then the fields. */
export function prettyLine(line: string): string {
  const record = parse(line) ?? {};
  const { time, level, msg } = record;
  const clock = typeof time === 'number' ? new Date(time).toISOString().slice(11, 23) : '';
  const fields = Object.entries(record).filter(([key]) => !shownElsewhere.has(key));
  const details = fields.length === 0 ? '' : ` ${JSON.stringify(Object.fromEntries(fields))}`;
  const message = typeof msg === 'string' ? msg : '';
  return `${printable(`${clock} ${levels.get(Number(level)) ?? ''} ${message}${details}`)}\n`;
}
