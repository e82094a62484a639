import { isLoopbackHost } from '../../lib/loopback.js';
import { at, stringOf, type Field } from '../field.js';
import { refuse, type AuthSection } from './auth-section.js';

/** True for a URL that does not leave this machine. */
export function isLoopbackUrl(url: URL): boolean {
  return isLoopbackHost(url.hostname);
}

/** The URL of a text; undefined when it is none. */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/**
 * The URL under a key, without a slash at its end. It must be absolute, without user and fragment; http beyond this machine is
 * warned about, because secrets and tokens travel over it.
 */
export function urlAt(section: AuthSection, parent: Field | undefined, key: string): string | undefined {
  const field = at(parent, key);
  const text = stringOf(field)?.trim();
  if (field === undefined || text === undefined || !/^https?:/i.test(text)) return undefined;
  const url = parseUrl(text);
  if (url === undefined || url.username !== '' || url.password !== '' || url.hash !== '') {
    refuse(section, field, {
      rule: 'wrong-value',
      message: `\`${key}\` must be an absolute URL without user name and fragment`,
    });
    return undefined;
  }
  if (url.protocol === 'http:' && !isLoopbackUrl(url)) {
    refuse(section, field, {
      severity: 'warning',
      rule: 'insecure-url',
      message: `Secrets and tokens go to \`${key}\` in clear`,
      remedy: 'Use https, unless this network is yours alone.',
    });
  }
  return text.replace(/\/+$/, '');
}
