import type { HttpSettings } from '../../model/settings.js';

/** On every answer, errors included (spec page 06). Nothing here is a page, so that everything is forbidden. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // The filter that it governs can itself be used to leak pages.
  'x-xss-protection': '0',
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** RFC 6797, one year, for answers that left over https; undefined when the operator turned it off. */
export function strictTransport({ hsts, hstsPreload }: HttpSettings): string | undefined {
  if (!hsts) return undefined;
  return `max-age=31536000; includeSubDomains${hstsPreload ? '; preload' : ''}`;
}
