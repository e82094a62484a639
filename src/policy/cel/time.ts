import { createInstant, createSpan, type Instant, type Span } from './value.js';

const microsPerSecond = 1_000_000n;
const microsPerDay = 86_400n * microsPerSecond;

const dateTime =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|z|[+-]\d{2}:\d{2})?$/;
const dateOnly = /^(\d{4})-(\d{2})-(\d{2})$/;

function wholeSeconds(parts: readonly string[]): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
  const time = new Date(0);
  time.setUTCFullYear(year, month - 1, day);
  time.setUTCHours(hour, minute, second);
  const same = time.getUTCMonth() === month - 1 && time.getUTCDate() === day && time.getUTCHours() === hour;
  return same && time.getUTCMinutes() === minute && time.getUTCSeconds() === second
    ? time.getTime() / 1000
    : undefined;
}

function zoneSeconds(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0;
  const [hours = 0, minutes = 0] = zone.slice(1).split(':').map(Number);
  return (zone.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60);
}

/** RFC 3339 date-time; without a zone it is UTC. Undefined when it is none. */
export function parseTimestamp(text: string): Instant | undefined {
  const match = dateTime.exec(text);
  if (!match) return undefined;
  const seconds = wholeSeconds(match.slice(1, 7));
  if (seconds === undefined) return undefined;
  const fraction = BigInt((match[7] ?? '').padEnd(6, '0').slice(0, 6));
  return createInstant(BigInt(seconds - zoneSeconds(match[8])) * microsPerSecond + fraction);
}

/** Midnight UTC of an instant's day. */
export function startOfDay(instant: Instant): Instant {
  const past = ((instant.micros % microsPerDay) + microsPerDay) % microsPerDay;
  return createInstant(instant.micros - past);
}

/** A full date, or the day of a date-time, as midnight UTC. Undefined when it is none. */
export function parseDate(text: string): Instant | undefined {
  const match = dateOnly.exec(text);
  const seconds = match ? wholeSeconds(match.slice(1, 4)) : undefined;
  if (seconds !== undefined) return createInstant(BigInt(seconds) * microsPerSecond);
  const instant = parseTimestamp(text);
  return instant && startOfDay(instant);
}

const unitMicros = new Map([
  ['h', 3_600_000_000],
  ['m', 60_000_000],
  ['s', 1_000_000],
  ['ms', 1_000],
  ['us', 1],
]);

/** A duration as in `1h30m`, `-1.5s`, `300ms`. Undefined when it is none. */
export function parseDuration(text: string): Span | undefined {
  if (text.length > 100 || !/^[+-]?(\d+(\.\d+)?(h|ms|m|s|us))+$/.test(text)) return undefined;
  let micros = 0;
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)(h|ms|m|s|us)/g)) {
    micros += Number(amount) * (unitMicros.get(unit ?? '') ?? 0);
  }
  if (!Number.isSafeInteger(Math.round(micros))) return undefined;
  return createSpan(BigInt(Math.round(text.startsWith('-') ? -micros : micros)));
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Formatters are expensive to make; zones are literals of conditions, so there are few. */
function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known) return known;
  const formatter = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formatters.set(zone, formatter);
  return formatter;
}

function zoned(instant: Instant, zone: string | undefined): Date {
  const utc = new Date(Number(instant.micros / 1000n));
  if (zone === undefined || zone === 'UTC' || Number.isNaN(utc.getTime())) return utc;
  const parts = formatterOf(zone).formatToParts(utc);
  const read = (type: string): number => Number(parts.find((part) => part.type === type)?.value ?? NaN);
  const day = [read('year'), read('month') - 1, read('day')] as const;
  const shifted = Date.UTC(...day, read('hour'), read('minute'), read('second'));
  return new Date(shifted + utc.getUTCMilliseconds());
}

const getters = new Map<string, (date: Date) => number>([
  ['getFullYear', (date) => date.getUTCFullYear()],
  ['getMonth', (date) => date.getUTCMonth()],
  ['getDate', (date) => date.getUTCDate()],
  ['getDayOfMonth', (date) => date.getUTCDate() - 1],
  ['getDayOfWeek', (date) => date.getUTCDay()],
  [
    'getDayOfYear',
    (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000),
  ],
  ['getHours', (date) => date.getUTCHours()],
  ['getMinutes', (date) => date.getUTCMinutes()],
  ['getSeconds', (date) => date.getUTCSeconds()],
  ['getMilliseconds', (date) => date.getUTCMilliseconds()],
]);

/** The names of CEL's accessors of timestamps. */
export const timestampParts: readonly string[] = [...getters.keys()];

/**
 * One part of a timestamp, in a time zone (IANA name, default UTC); months, days of month and of year from 0, as in CEL.
 * Undefined for a time beyond what a calendar here reaches.
 */
export function timestampPart(instant: Instant, part: string, zone?: string): number | undefined {
  const value = getters.get(part)?.(zoned(instant, zone));
  return Number.isFinite(value) ? value : undefined;
}

const spanUnits = new Map([
  ['getHours', 3_600_000_000n],
  ['getMinutes', 60_000_000n],
  ['getSeconds', 1_000_000n],
  ['getMilliseconds', 1_000n],
]);

/** The names of CEL's accessors of durations. */
export const durationParts: readonly string[] = [...spanUnits.keys()];

/** A duration in whole units. */
export function durationPart(span: Span, part: string): number {
  return Number(span.micros / (spanUnits.get(part) ?? 1n));
}

/** True for the name of a time zone that this platform knows. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
