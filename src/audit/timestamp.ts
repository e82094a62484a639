const microsPerSecond = 1_000_000;
let cachedSecond = -1;
let cachedPrefix = '';

/** RFC 3339 in UTC with six decimals, from microseconds since the Unix epoch. */
export function formatMicros(micros: number): string {
  const second = Math.floor(micros / microsPerSecond);
  if (second !== cachedSecond) {
    cachedPrefix = new Date(second * 1000).toISOString().slice(0, 19);
    cachedSecond = second;
  }
  const fraction = Math.floor(micros - second * microsPerSecond);
  return `${cachedPrefix}.${String(fraction).padStart(6, '0')}Z`;
}

/** The UTC day of a time in milliseconds, counted from the Unix epoch. */
export function utcDay(millis: number): number {
  return Math.floor(millis / 86_400_000);
}

/** `YYYYMMDDTHHMMSSZ`, as it stands in a segment's name. */
export function segmentTime(millis: number): string {
  return `${new Date(millis).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}
