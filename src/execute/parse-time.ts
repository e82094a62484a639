import { InternalError } from '../errors.js';
import { daysFromCivil } from './calendar.js';

const datePart = /^(\d{4})-(\d{2})-(\d{2})$/;
const timePart = /^(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?(Z|z|[+-]\d{2}(?::?\d{2})?)?$/;

/** Days since 1970-01-01 of an RFC 3339 date. Arguments were validated before: anything else is a bug. */
export function parseDate(text: string): number {
  const match = datePart.exec(text);
  if (!match) throw new InternalError('A date argument is not a date');
  return daysFromCivil(Number(match[1]), Number(match[2]), Number(match[3]));
}

/** Microseconds since midnight; a zone shifts it to UTC. */
export function parseTime(text: string): bigint {
  const { micros, offset } = timeOfDay(text);
  const day = 86_400_000_000n;
  return (((micros - offset) % day) + day) % day;
}

/** Microseconds since the epoch, and whether the text carried a zone (without one: as if in UTC). */
export function parseTimestamp(text: string): { micros: bigint; zoned: boolean } {
  const days = BigInt(parseDate(text.slice(0, 10)));
  if (text.length === 10) return { micros: days * 86_400_000_000n, zoned: false };
  const { micros, offset, zoned } = timeOfDay(text.slice(11));
  return { micros: days * 86_400_000_000n + micros - offset, zoned };
}

/** Seconds since the epoch, with a fraction, as microseconds; digits after the sixth are dropped. */
export function secondsToMicros(text: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!match) return BigInt(Math.round(Number(text) * 1e6));
  const micros = BigInt(match[2] ?? '0') * 1_000_000n + fraction(match[3]);
  return match[1] === '-' ? -micros : micros;
}

function timeOfDay(text: string): { micros: bigint; offset: bigint; zoned: boolean } {
  const match = timePart.exec(text);
  if (!match) throw new InternalError('A time argument is not a time');
  const [, hours, minutes, seconds, digits, zone] = match;
  const whole = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0);
  return {
    micros: BigInt(whole) * 1_000_000n + fraction(digits),
    offset: zoneOffset(zone),
    zoned: zone !== undefined,
  };
}

function fraction(digits: string | undefined): bigint {
  return BigInt((digits ?? '').slice(0, 6).padEnd(6, '0'));
}

function zoneOffset(zone: string | undefined): bigint {
  if (zone === undefined || /^z$/i.test(zone)) return 0n;
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return BigInt(zone.startsWith('-') ? -minutes : minutes) * 60_000_000n;
}
