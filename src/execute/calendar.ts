/** Days since 1970-01-01 of a date of the proleptic Gregorian calendar. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** ISO 8601 text of a day since 1970-01-01; years outside 0000-9999 have a sign and six digits. */
export function formatDate(days: number): string {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${formatYear(year)}-${pad(month)}-${pad(day)}`;
}

/** `03:04:05`, with six or nine digits of fraction when there is one. `nanos` since midnight. */
export function formatTime(nanos: bigint): string {
  const seconds = Number(nanos / 1_000_000_000n);
  const clock = `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
  const rest = Number(nanos % 1_000_000_000n);
  if (rest === 0) return clock;
  return rest % 1000 === 0
    ? `${clock}.${String(rest / 1000).padStart(6, '0')}`
    : `${clock}.${String(rest).padStart(9, '0')}`;
}

const dayNanos = 86_400_000_000_000n;

/** `2024-01-02T03:04:05.123456` of nanoseconds since the epoch. */
export function formatTimestamp(nanos: bigint): string {
  const inDay = ((nanos % dayNanos) + dayNanos) % dayNanos;
  return `${formatDate(Number((nanos - inDay) / dayNanos))}T${formatTime(inDay)}`;
}

/** ISO 8601 duration that keeps months, days and time apart, as DuckDB's INTERVAL does: `P1Y2M3DT4H5M6.5S`. */
export function formatInterval(months: number, days: number, micros: bigint): string {
  const years = Math.trunc(months / 12);
  const date = part(years, 'Y') + part(months % 12, 'M') + part(days, 'D');
  const sign = micros < 0n ? '-' : '';
  const total = micros < 0n ? -micros : micros;
  const hours = total / 3_600_000_000n;
  const minutes = (total / 60_000_000n) % 60n;
  const seconds = formatSeconds(total % 60_000_000n);
  const time =
    (hours > 0n ? `${sign}${hours.toString()}H` : '') +
    (minutes > 0n ? `${sign}${minutes.toString()}M` : '') +
    (seconds === '0' ? '' : `${sign}${seconds}S`);
  if (!date && !time) return 'PT0S';
  return `P${date}${time ? `T${time}` : ''}`;
}

function formatSeconds(micros: bigint): string {
  const rest = micros % 1_000_000n;
  const whole = (micros / 1_000_000n).toString();
  return rest === 0n ? whole : `${whole}.${rest.toString().padStart(6, '0').replace(/0+$/, '')}`;
}

function part(amount: number, unit: string): string {
  return amount === 0 ? '' : `${amount}${unit}`;
}

function pad(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

function formatYear(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0');
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`;
}
