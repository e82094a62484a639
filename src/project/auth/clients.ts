import type { ClientSettings } from '../../model/auth-settings.js';
import { at, itemsOf, originOf, stringOf, type Field, wordsOf } from '../field.js';
import { mapsOf } from '../setting-reader.js';
import { refuse, refuseTwins, textAt, type AuthSection } from './auth-section.js';
import { isLoopbackUrl, parseUrl } from './web-address.js';

/** Schemes that a browser would run or read instead of handing the answer to an application. */
const dangerous = /^(?:javascript|data|vbscript|file|blob|about|filesystem|view-source|ws|wss|ftp|mailto):$/;

/** `auth.clients`: the OAuth clients that the operator registered, with redirect URIs that are absolute and exact. */
export function readClients(section: AuthSection): readonly ClientSettings[] {
  const fields = mapsOf(at(section.field, 'clients'));
  const found = fields.map((field) => readClient(section, field));
  const named = found.flatMap((client, index) => {
    const field = at(fields[index], 'client_id');
    return field === undefined ? [] : [{ name: client.clientId, field }];
  });
  refuseTwins(section, named, 'clients with the id');
  return found;
}

function readClient(section: AuthSection, field: Field): ClientSettings {
  const clientSecret = textAt(field, 'client_secret');
  const name = textAt(field, 'name');
  const scopes = at(field, 'scopes');
  const redirects = itemsOf(at(field, 'redirect_uris'));
  for (const item of redirects) checkRedirect(section, item);
  return {
    clientId: textAt(field, 'client_id') ?? '',
    ...(clientSecret !== undefined && { clientSecret }),
    ...(name !== undefined && { name }),
    redirectUris: redirects.flatMap((item) => stringOf(item) ?? []),
    ...(scopes !== undefined && { scopes: wordsOf(scopes) }),
    origin: originOf(field),
  };
}

function checkRedirect(section: AuthSection, field: Field): void {
  const text = stringOf(field);
  const why = text === undefined ? undefined : wrongRedirect(text);
  if (why === undefined) return;
  refuse(section, field, {
    rule: 'wrong-redirect-uri',
    message: `This redirect URI ${why}`,
    remedy:
      'Write it in full and exactly, for example https://app.example.com/callback or http://localhost/callback.',
  });
}

function wrongRedirect(text: string): string | undefined {
  const url = parseUrl(text);
  if (url === undefined) return 'is not absolute';
  if (text.includes('*')) return 'has a wildcard: it must be exact';
  if (text.includes('#')) return 'has a fragment';
  if (url.username !== '' || url.password !== '') return 'has a user name';
  if (/[\s\\]|\p{Cc}/u.test(text)) return 'has spaces or backslashes';
  if (dangerous.test(url.protocol)) return `has the scheme ${url.protocol}`;
  if (url.protocol === 'http:' && !isLoopbackUrl(url)) return 'is http beyond this machine';
  return undefined;
}
