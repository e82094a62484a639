/** On every answer, errors included (spec page 06). Nothing here is a page, so that everything is forbidden. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** One year, added when the client's side of the connection is https. */
export const strictTransport = 'max-age=31536000; includeSubDomains';
