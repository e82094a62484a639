import type { Seen } from './stand-in.js';

function decode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

/** `client_secret_post` and `client_secret_basic` (RFC 6749, section 2.3.1) on a form body. */
export function readForm({ headers, body }: Seen): ReadonlyMap<string, string> {
  const parameters = new Map(new URLSearchParams(body));
  const basic = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1];
  if (basic === undefined) return parameters;
  const [id = '', secret = ''] = Buffer.from(basic, 'base64').toString().split(':');
  return parameters.set('client_id', decode(id)).set('client_secret', decode(secret));
}

/** A JSON body; nothing where the content type is another one. */
export function readJson({ headers, body }: Seen): ReadonlyMap<string, string> {
  if (headers['content-type'] !== 'application/json') return new Map();
  return new Map(Object.entries(JSON.parse(body) as Record<string, string>));
}

/** RFC 6749, section 5.2. */
export function oauthError(
  error: string,
  description: string,
): { readonly status: number; readonly body: object } {
  return {
    status: error === 'invalid_client' ? 401 : 400,
    body: { error, error_description: description },
  };
}
