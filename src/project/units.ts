const milliseconds: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const bytes: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

function parse(
  value: unknown,
  pattern: RegExp,
  units: Readonly<Record<string, number>>,
  plain: string,
): number | undefined {
  if (typeof value === 'number') return value * (units[plain] ?? 1);
  const match = typeof value === 'string' ? pattern.exec(value) : null;
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * (units[match[2] ?? plain] ?? 1));
}

/** What a timer can wait for: longer ones would fire at once. */
const longestTimer = 2 ** 31 - 1;

/** A duration in milliseconds from seconds, or from a text like `500ms`, `30s`, `2m`, `1h`, `30d`; undefined for anything else. */
export function spanMs(value: unknown): number | undefined {
  return parse(value, /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)?$/, milliseconds, 's');
}

/** A duration for a timer: as `spanMs`, about 24 days at most. */
export function durationMs(value: unknown): number | undefined {
  const found = spanMs(value);
  return found === undefined ? undefined : Math.min(found, longestTimer);
}

/** A size in bytes from a number, or from a text like `64KiB`, `10MB`; undefined for anything else. */
export function sizeBytes(value: unknown): number | undefined {
  return parse(value, /^(\d+) ?(B|[KMG]B|[KMG]iB)?$/, bytes, 'B');
}
