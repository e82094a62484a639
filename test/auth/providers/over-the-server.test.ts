import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProvider } from '../../../src/auth/providers/create-provider.js';
import { Browser } from '../issuer/browser.js';
import { allow, atClient, authorizeRequest, exchange, register } from '../issuer/dance.js';
import { openSite, type Site } from '../issuer/open-site.js';
import { startAtlassian } from '../stand-ins/atlassian.js';
import { startGithub } from '../stand-ins/github.js';
import { startGoogle } from '../stand-ins/google.js';
import { startKeycloakStandIn } from '../stand-ins/keycloak.js';
import { startOidc } from '../stand-ins/oidc.js';
import { startSalesforce } from '../stand-ins/salesforce.js';
import { cancelSignIn, signIn } from '../stand-ins/sign-in.js';
import type { StandIn } from '../stand-ins/stand-in.js';
import { startWorkos } from '../stand-ins/workos.js';

interface Case {
  readonly type: string;
  readonly start: () => Promise<StandIn>;
  readonly key: string;
  readonly groups?: readonly string[];
  readonly roles?: readonly string[];
}

const cases: readonly Case[] = [
  { type: 'oidc', start: () => startOidc(), key: 'corp|sub-1', groups: ['engineering'] },
  { type: 'google', start: startGoogle, key: 'google|sub-1' },
  {
    type: 'keycloak',
    start: startKeycloakStandIn,
    key: 'keycloak|sub-1',
    roles: ['analyst', 'offline_access', 'editor'],
  },
  { type: 'workos', start: startWorkos, key: 'workos|sub-1' },
  { type: 'github', start: startGithub, key: 'github|1001', groups: ['acme/admins', 'acme/engineering'] },
  { type: 'atlassian', start: startAtlassian, key: 'atlassian|557058:ada' },
  { type: 'salesforce', start: startSalesforce, key: 'salesforce|00Dx0000001T0zkEAC/005x0000001S2b9AAC' },
];

describe.each(cases)(
  'a client of the server, with people who sign in at $type,',
  ({ type, start, ...wanted }) => {
    let standIn: StandIn;
    let site: Site;
    beforeEach(async () => {
      standIn = await start();
      const provider = createProvider(standIn.settings);
      const unused = {
        person: undefined,
        refused: new Set<string>(),
        down: false,
        signIn: () => Promise.reject(new Error('The provider signs people in at its page')),
        issued: [],
        takenBack: [],
        lifetimeMs: undefined,
        refreshes: 0,
      };
      site = await openSite({ providers: [{ provider, ...unused, close: () => standIn.close() }] });
    });
    afterEach(() => site.close());

    /** From the client's link to the provider's page; gives the provider's authorization URL. */
    async function toProvider(browser: Browser, url: URL): Promise<string> {
      const page = await browser.go(url, atClient);
      const link = /<a class="button main" href="([^"]*\/sign-in\/[^"]*)"/.exec(page.text)?.[1] ?? '';
      const away = await browser.go(link, ({ origin }) => origin === standIn.url);
      return away.location ?? '';
    }

    /** The whole dance of Ada's client; gives its access token. */
    async function signedIn(): Promise<string> {
      const browser = new Browser();
      const clientId = await register(site);
      const attempt = authorizeRequest(site, clientId);
      const back = await signIn(standIn, await toProvider(browser, attempt.url), 'ada');
      const answer = await allow(browser, await browser.go(back, atClient));
      return (await exchange(site, clientId, attempt, answer)).body.access_token ?? '';
    }

    it('gets a token for the person, with address, groups and roles, and no upstream secret in the audit log', async () => {
      const value = await signedIn();
      const identity = await site.issuer.authenticator.verify({ kind: 'bearer', value });
      const provider = type === 'oidc' ? 'corp' : type;
      const ada = { provider, email: 'ada@acme.example', name: 'Ada Lovelace', username: 'ada' };
      expect(identity).toMatchObject({ ...wanted, ...ada });
      expect(standIn.issued.accessTokens).toContain(await site.issuer.externalToken(wanted.key));
      const events = JSON.stringify(site.events);
      const { codes, accessTokens, refreshTokens } = standIn.issued;
      for (const secret of [...codes, ...accessTokens, ...refreshTokens])
        expect(events).not.toContain(secret);
    });

    it('has an upstream token that is renewed ahead of its end, until access is revoked there', async () => {
      standIn.switches.refreshTokens = true;
      standIn.switches.expiresIn = 30;
      await signedIn();
      const [first] = standIn.issued.accessTokens;
      // Salesforce does not say when its tokens end.
      const expires = type !== 'salesforce';
      const tokens = await Promise.all([1, 2, 3].map(() => site.issuer.externalToken(wanted.key)));
      expect(new Set(tokens).size).toBe(1);
      expect(standIn.issued.accessTokens).toHaveLength(expires ? 2 : 1);
      expect(tokens[0] === first).toBe(!expires);
      standIn.revoke('ada');
      if (expires) expect(await site.issuer.externalToken(wanted.key)).toBeUndefined();
    });

    it('is told nothing when the person cancels there, and the page says what to do', async () => {
      const browser = new Browser();
      const { url } = authorizeRequest(site, await register(site));
      const back = await cancelSignIn(standIn, await toProvider(browser, url));
      const page = await browser.go(back, atClient);
      expect(page.status).toBe(400);
      expect(page.text).toContain('Try again');
    });

    it('gets nothing when the redirect back comes twice, or in another browser', async () => {
      const browser = new Browser();
      const { url } = authorizeRequest(site, await register(site));
      const back = await signIn(standIn, await toProvider(browser, url), 'ada');
      expect((await new Browser().go(back, atClient)).status).toBe(400);
      expect((await browser.go(back, atClient)).status).toBe(400);
      expect(standIn.issued.accessTokens).toEqual([]);
    });
  },
);
