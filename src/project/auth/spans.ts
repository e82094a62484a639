import { at, type Field } from '../field.js';
import { spanMs } from '../units.js';
import { refuse, type AuthSection } from './auth-section.js';

/** A default and bounds, as authors write durations. */
export interface SpanBounds {
  readonly fallback: string;
  readonly least: string;
  readonly most: string;
}

/** The duration under a key in milliseconds; one outside of its bounds is a problem. */
export function readSpan(
  section: AuthSection,
  parent: Field | undefined,
  key: string,
  { fallback, least, most }: SpanBounds,
): number {
  const field = at(parent, key);
  const span = spanMs(field?.data);
  if (field === undefined || span === undefined) return spanMs(fallback) ?? 0;
  if (span < (spanMs(least) ?? 0) || span > (spanMs(most) ?? 0))
    refuse(section, field, {
      rule: 'wrong-value',
      message: `\`${key}\` must be between ${least} and ${most}`,
    });
  return span;
}
