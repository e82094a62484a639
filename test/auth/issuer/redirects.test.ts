import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { redirectHost, redirectKind, wrongRedirectUri } from '../../../src/auth/issuer/redirect-uri.js';
import { Browser } from './browser.js';
import { authorizeRequest, register, registration, toConsent } from './dance.js';
import { openSite, type Site } from './open-site.js';

interface Cases {
  readonly accepted: readonly { readonly uri: string; readonly kind: string; readonly shown: string }[];
  readonly refused: readonly string[];
  readonly mismatches: readonly { readonly registered: string; readonly sent: string }[];
  readonly matches: readonly { readonly registered: string; readonly sent: string }[];
}

const cases = parse(readFileSync(new URL('redirects.yml', import.meta.url), 'utf8')) as Cases;

describe('redirect URIs', () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(() => site.close());

  it.each(cases.accepted)('accepts $uri', ({ uri, kind, shown }) => {
    expect(wrongRedirectUri(uri)).toBeUndefined();
    expect([redirectKind(uri), redirectHost(uri)]).toEqual([kind, shown]);
  });

  it.each(cases.refused)('refuses to register %s', async (uri) => {
    expect(wrongRedirectUri(uri)).toBeTypeOf('string');
    const { status, body } = await registration(site, { redirect_uris: [uri] });
    expect([status, body['error']]).toEqual([400, 'invalid_redirect_uri']);
  });

  it.each(cases.mismatches)(
    'does not send an answer for $registered to $sent',
    async ({ registered, sent }) => {
      const clientId = await register(site, { redirect_uris: [registered] });
      for (const changes of [{}, { code_challenge: 'x' }, { scope: 'tag:*' }]) {
        const { url } = authorizeRequest(site, clientId, { redirect_uri: sent, ...changes });
        const seen = await new Browser().request(url);
        expect([seen.status, seen.location]).toEqual([400, undefined]);
        expect(seen.text).not.toContain(
          new URL(sent).hostname === '127.0.0.1' ? ':1/' : new URL(sent).hostname,
        );
      }
    },
  );

  it.each(cases.matches)('answers for $registered at $sent', async ({ registered, sent }) => {
    const clientId = await register(site, { redirect_uris: [registered] });
    const page = await toConsent(new Browser(), authorizeRequest(site, clientId, { redirect_uri: sent }));
    expect([page.status, page.text.includes('value="allow"')]).toEqual([200, true]);
  });
});
