import type { RedactionStrategy } from '../model/settings.js';
import type { KeyedHash } from './keyed-hash.js';
import { redacted } from './redacted.js';

function partial(text: string): string {
  return text.length < 8 ? redacted : `${text.slice(0, 2)}***${text.slice(-2)}`;
}

function truncate(text: string): string {
  return text.length < 16 ? redacted : `${text.slice(0, 8)}...`;
}

/** At most half of the name: the first and the last letter of one that has four, the first of one that has two. */
function email(text: string): string {
  const at = text.lastIndexOf('@');
  if (at < 1 || at === text.length - 1) return redacted;
  const first = at > 1 ? text.charAt(0) : '';
  const last = at > 3 ? text.charAt(at - 1) : '';
  return `${first}***${last}${text.slice(at)}`;
}

/** Shows as much of a text as its strategy allows, and nothing of one that is too short to hide any of it (`audit.redact_fields`). */
export function applyStrategy(
  strategy: RedactionStrategy,
  text: string,
  hash: KeyedHash | undefined,
): string {
  switch (strategy) {
    case 'full':
      return redacted;
    case 'partial':
      return partial(text);
    case 'hash':
      return hash?.(text) ?? redacted;
    case 'truncate':
      return truncate(text);
    case 'email':
      return email(text);
  }
}
