import { isIPv6 } from 'node:net';

/** Whether a value comes in as an argument or goes out as a result: the few formats that differ say so. */
export type Direction = 'argument' | 'result';

/** How a `format` is enforced and how it is advertised. */
export interface Format {
  /** Completes "expected …". */
  readonly expectation: string;
  readonly test: (text: string) => boolean;
  /** `format` where every accepted value satisfies the standard format, else a `pattern` that holds for all of them. */
  readonly advertised: { readonly format: string } | { readonly pattern: string };
}

/** Longest text (UTF-16 units) that is looked at by a `pattern` or as a `uri`, where the author gave no `maxLength`. */
export const patternTextLimit = 10_000;

const date = '[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])';
const clock = String.raw`(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?`;
const zone = '(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?';
const moment = `${date}[Tt ]${clock}${zone}`;
const seconds = String.raw`-?[0-9]{1,12}(?:\.[0-9]{1,6})?`;

/** All order-preserving, non-empty selections of the parts, each optional, without look-ahead. */
const someOf = (parts: readonly string[]): string =>
  parts
    .map(
      (part, index) =>
        part +
        parts
          .slice(index + 1)
          .map((later) => `(?:${later})?`)
          .join(''),
    )
    .join('|');
const amount = '-?[0-9]{1,15}';
const dayParts = someOf([`${amount}Y`, `${amount}M`, `${amount}W`, `${amount}D`]);
const clockParts = `T(?:${someOf([`${amount}H`, `${amount}M`, String.raw`${amount}(?:\.[0-9]{1,9})?S`])})`;
const duration = `-?P(?:(?:${dayParts})(?:${clockParts})?|${clockParts})`;

const daysOfMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** True for a day that the Gregorian calendar has; expects text that begins with `YYYY-MM-DD`. */
function isCalendarDay(text: string): boolean {
  const day = Number(text.slice(8, 10));
  if (day <= 28) return true;
  const year = Number(text.slice(0, 4));
  const month = Number(text.slice(5, 7));
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (daysOfMonth[month - 1] ?? 0) + (leap ? 1 : 0);
}

function dated(pattern: string): (text: string) => boolean {
  const regex = new RegExp(pattern);
  return (text) => regex.test(text) && isCalendarDay(text);
}

function matching(pattern: string): (text: string) => boolean {
  const regex = new RegExp(pattern);
  return (text) => regex.test(text);
}

const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]";
const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const mailbox = new RegExp(String.raw`^${atom}{1,64}(?:\.${atom}{1,64})*@(?:${label}\.)+${label}$`);
const isEmail = (text: string): boolean =>
  text.length <= 254 && text.indexOf('@') <= 64 && mailbox.test(text);

const encoded = '%[0-9A-Fa-f]{2}';
const name = `(?:[A-Za-z0-9._~!$&'()*+,;=-]|${encoded})*`;
const segment = `(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|${encoded})`;
const authority = String.raw`(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|${encoded})*@)?(?:\[([0-9A-Fa-f:.]+)\]|${name})(?::[0-9]*)?`;
const tail = `(?:${segment}|[/?])*`;
const absoluteUri = new RegExp(
  String.raw`^[A-Za-z][A-Za-z0-9+.-]*:(?://${authority}(?:/${segment}*)*|/(?:${segment}+(?:/${segment}*)*)?|${segment}+(?:/${segment}*)*)` +
    String.raw`(?:\?${tail})?(?:#${tail})?$`,
);

/** An absolute URI of RFC 3986 with something after its scheme; hosts in brackets are IPv6 addresses. */
function isUri(text: string): boolean {
  const match = text.length > patternTextLimit ? null : absoluteUri.exec(text);
  return match !== null && (match[1] === undefined || isIPv6(match[1]));
}

const dateTime: Format = {
  expectation: 'a date and time (2024-01-31T12:30:00, with or without zone)',
  test: dated(`^${moment}$`),
  advertised: { pattern: `^${moment}$` },
};

const common = new Map<string, Format>([
  ['date', { expectation: 'a date (2024-01-31)', test: dated(`^${date}$`), advertised: { format: 'date' } }],
  ['date-time', dateTime],
  [
    'time',
    {
      expectation: 'a time of day (12:30:00, with or without zone)',
      test: matching(`^${clock}${zone}$`),
      advertised: { pattern: `^${clock}${zone}$` },
    },
  ],
  [
    'duration',
    {
      expectation: 'an ISO 8601 duration (P1DT12H)',
      test: matching(`^${duration}$`),
      advertised: { pattern: `^${duration}$` },
    },
  ],
  ['email', { expectation: 'an e-mail address', test: isEmail, advertised: { format: 'email' } }],
  ['uri', { expectation: 'an absolute URI', test: isUri, advertised: { format: 'uri' } }],
  [
    'uuid',
    {
      expectation: 'a UUID',
      test: matching('^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$'),
      advertised: { format: 'uuid' },
    },
  ],
]);

const epochSeconds: Format = {
  expectation: 'seconds since 1970-01-01 UTC (1706704200)',
  test: matching(`^${seconds}$`),
  advertised: { pattern: `^${seconds}$` },
};

const matchesSeconds = epochSeconds.test;

/** What a SQL body gives for a TIMESTAMP column is text, what others give may be seconds. */
const epochOrMoment: Format = {
  expectation: 'a timestamp',
  test: (text) => matchesSeconds(text) || dateTime.test(text),
  advertised: { pattern: `^(?:${seconds}|${moment})$` },
};

/** Every format that a string may declare. */
export const formatNames: readonly string[] = [...common.keys(), 'timestamp'];

/**
 * The format of that name; undefined for one that does not exist here. `date-time` and `time` are RFC 3339 with an
 * optional zone and without leap seconds; `timestamp` as an argument is seconds since the epoch (spec page 03).
 */
export function formatOf(name: string, direction: Direction): Format | undefined {
  if (name === 'timestamp') return direction === 'argument' ? epochSeconds : epochOrMoment;
  return common.get(name);
}
