import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createGrants } from '../../../src/auth/issuer/grants.js';
import { Browser } from './browser.js';
import { dance, refresh } from './dance.js';
import { openSite, type Site } from './open-site.js';

let site: Site;
beforeAll(async () => {
  site = await openSite({ facts: { isAdmin: ({ username }) => username === 'root' } });
});
afterAll(() => site.close());
afterEach(() => {
  site.upstream.person = 'ada';
});

async function danceAs(person: string, scope?: string) {
  site.upstream.person = person;
  return dance(site, { ...(scope !== undefined && { scope }) });
}

const account = (browser: Browser) => browser.request(`${site.url}/oauth`);
const works = (value: string) =>
  site.issuer.authenticator.verify({ kind: 'bearer', value }).then(
    () => true,
    () => false,
  );

describe('the account page', () => {
  it('asks whoever is signed out to sign in, and comes back', async () => {
    const browser = new Browser();
    const page = await account(browser);
    expect([page.status, page.text.includes('Sign in with acme')]).toEqual([200, true]);
    const back = await browser.go(`${site.url}/oauth/sign-in/acme`);
    expect([back.url.pathname, back.text.includes('You are signed in as')]).toEqual(['/oauth', true]);
  });

  it('lists grants with client, scopes and last use, sessions, and connections with their status', async () => {
    const { browser, accessToken } = await danceAs('lin', 'tag:hr');
    expect((await account(browser)).text).toContain('never');
    await works(accessToken);
    const { text } = await account(browser);
    for (const part of ['Test client', 'Use everything tagged “hr”', 'this one', 'Connected', 'UTC']) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain('never');
    expect(text).not.toContain('mxat_');
    expect(text).not.toContain('upstream-access');
  });

  it('revokes a grant at once', async () => {
    const { browser, accessToken, refreshToken, clientId } = await danceAs('max');
    await browser.submit(await account(browser), 'action', 'revoke-grant');
    expect(await works(accessToken)).toBe(false);
    expect((await refresh(site, clientId, refreshToken)).body.error).toBe('invalid_grant');
    expect((await account(browser)).text).toContain('No application is connected');
    expect(site.events.at(-2)).toMatchObject({
      event: 'grant-revoke',
      outcome: 'success',
      userKey: 'acme|id-of-max',
    });
  });

  it('ends other sessions, signs out, and signs out everywhere', async () => {
    const [first, second] = [await danceAs('kim'), await danceAs('kim')];
    await first.browser.submit(await account(first.browser), 'action', 'revoke-session');
    expect((await account(second.browser)).text).toContain('Sign in with');
    await first.browser.submit(await account(first.browser), 'action', 'sign-out');
    expect((await account(first.browser)).text).toContain('Sign in with');
    expect(await works(first.accessToken)).toBe(true);
    const third = await danceAs('kim');
    await third.browser.submit(await account(third.browser), 'action', 'revoke-everything');
    expect([await works(first.accessToken), await works(third.accessToken)]).toEqual([false, false]);
    expect((await account(third.browser)).text).toContain('Sign in with');
  });

  it('disconnects from the provider, and connects again', async () => {
    const { browser } = await danceAs('ivy');
    await browser.submit(await account(browser), 'action', 'disconnect');
    expect((await account(browser)).text).toContain('Awaiting OAuth');
    site.upstream.person = 'ivy';
    const page = await browser.go(`${site.url}/oauth/sign-in/acme`);
    expect([page.text.includes('Awaiting'), page.text.includes('Connected')]).toEqual([false, true]);
  });

  it.each([
    ['cross-site', 'Awaiting OAuth'],
    ['same-site', 'Awaiting OAuth'],
    ['same-origin', 'Connected'],
    ['none', 'Connected'],
  ])('after a request that a browser calls %s, whoever had disconnected is %s', async (from, status) => {
    const { browser } = await danceAs('ivo');
    await browser.submit(await account(browser), 'action', 'disconnect');
    const headers = { 'sec-fetch-site': from };
    const { location = '' } = await browser.request(`${site.url}/oauth/sign-in/acme`, { headers });
    expect((await browser.go(location)).text).toContain(status);
  });

  it("shows and changes what is others' only for holders of mxcp:admin", async () => {
    const victim = await danceAs('joe');
    const stranger = await danceAs('sam');
    const mine = await account(stranger.browser);
    expect(mine.text).not.toContain('joe');
    const [grant] = (await site.store.list('oauth:GrantRecord', 'user:acme|id-of-joe')).map(
      ({ value }) => value as { id: string },
    );
    const [session] = (await site.store.list('oauth:Session', 'user:acme|id-of-joe')).map(
      ({ value }) => value as { uid: string },
    );
    for (const [action, target, event] of [
      ['revoke-grant', grant?.id ?? '', 'grant-revoke'],
      ['revoke-session', session?.uid ?? '', 'session-revoke'],
      ['revoke-everything', 'acme|id-of-joe', 'grant-revoke'],
      ['disconnect', 'acme|id-of-joe', 'upstream-disconnect'],
      ['__proto__', 'acme|id-of-joe', 'authorization'],
    ] as const) {
      const seen = await stranger.browser.submit(mine, 'action', 'sign-out', {
        action: [action],
        target: [target],
      });
      expect([seen.status, seen.location]).toEqual([404, undefined]);
      expect(site.events.at(-1)).toMatchObject({
        event,
        outcome: 'failure',
        userKey: 'acme|id-of-sam',
      });
    }
    expect(await works(victim.accessToken)).toBe(true);
    const { browser } = await danceAs('root');
    const everything = await account(browser);
    expect(everything.text).toContain('joe');
    await browser.submit(everything, 'action', 'sign-out', {
      action: ['revoke-grant'],
      target: [grant?.id ?? ''],
    });
    expect(await works(victim.accessToken)).toBe(false);
  });

  it('asks the provider about a holder of mxcp:admin again', async () => {
    const { browser } = await danceAs('root');
    site.upstream.refused.add('root');
    const now = Date.now();
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now + 120_000);
    try {
      expect((await account(browser)).text).toContain('Sign in with');
    } finally {
      clock.mockRestore();
      site.upstream.refused.clear();
    }
  });

  it('does nothing for forms without its token, and cannot be framed', async () => {
    const { browser, accessToken } = await danceAs('uma');
    const page = await account(browser);
    for (const form_token of [[], ['x']]) {
      expect((await browser.submit(page, 'action', 'revoke-everything', { form_token })).status).toBe(400);
      expect(site.events.at(-1)).toMatchObject({
        event: 'grant-revoke',
        outcome: 'failure',
        userKey: 'acme|id-of-uma',
      });
    }
    const other = await danceAs('eli');
    const token = /name="form_token" value="([^"]*)"/.exec((await account(other.browser)).text)?.[1] ?? '';
    expect((await browser.submit(page, 'action', 'sign-out', { form_token: [token] })).status).toBe(400);
    expect(await works(accessToken)).toBe(true);
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(page.headers.get('x-frame-options')).toBe('DENY');
  });

  it.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['another site, as the browser says', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling of this host', { 'sec-fetch-site': 'same-site' }],
  ])('takes no form from %s, which is on record', async (_who, headers) => {
    const { browser, accessToken } = await danceAs('vic');
    const form_token = /name="form_token" value="([^"]*)"/.exec((await account(browser)).text)?.[1] ?? '';
    const body = new URLSearchParams({ form_token, action: 'revoke-everything', target: 'acme|id-of-vic' });
    const before = site.events.length;
    const seen = await browser.request(`${site.url}/oauth`, { method: 'POST', headers, body });
    expect([seen.status, seen.location]).toEqual([403, undefined]);
    expect(seen.text).toContain('Nothing was changed');
    expect(site.events.slice(before)).toMatchObject([{ event: 'authorization', outcome: 'failure' }]);
    expect(await works(accessToken)).toBe(true);
  });

  it('ends a session without looking through those of others', async () => {
    const [first, second] = [await danceAs('pat'), await danceAs('pat')];
    const page = await account(first.browser);
    const list = vi.spyOn(site.store, 'list');
    try {
      await first.browser.submit(page, 'action', 'revoke-session');
      expect(list.mock.calls.filter(([kind]) => kind === 'oauth:Session')).toEqual([]);
    } finally {
      list.mockRestore();
    }
    expect((await account(second.browser)).text).toContain('Sign in with');
  });

  it('has sessions in cookies that scripts and other sites do not get, and a forged one is none', async () => {
    const browser = new Browser();
    site.upstream.person = 'zoe';
    const start = await browser.request(`${site.url}/oauth/sign-in/acme`);
    for (const line of start.headers.getSetCookie()) {
      expect(line.toLowerCase()).toMatch(/httponly/);
      expect(line.toLowerCase()).toMatch(/samesite=lax/);
    }
    const forged = await fetch(`${site.url}/oauth`, {
      headers: { cookie: 'mxcp_session=x; mxcp_session.sig=y' },
    });
    expect(await forged.text()).toContain('Sign in with');
  });
});

it("keeps no token, code, secret or name in clear in the store's file", async () => {
  const { accessToken, refreshToken, clientId } = await danceAs('nan');
  const files = (await readdir(site.folder)).map((name) => readFile(join(site.folder, name)));
  const bytes = Buffer.concat(await Promise.all(files));
  expect(bytes.length).toBeGreaterThan(1000);
  for (const secret of [
    accessToken,
    refreshToken,
    clientId,
    'upstream-access',
    'upstream-refresh',
    'id-of-nan',
    'nan@example.com',
  ]) {
    expect(bytes.includes(secret)).toBe(false);
  }
});

describe('the account page of many entries', () => {
  it('shows each on some page, the newest first, with links to go on', async () => {
    const { browser } = await danceAs('root');
    const grants = createGrants(site.store);
    const now = Date.now();
    for (let index = 0; index < 150; index += 1)
      await grants.add(
        {
          id: `many-${index}`,
          userKey: `acme|id-of-${index}`,
          username: `person-${index}`,
          clientId: 'many',
          clientName: 'Many',
          redirectHost: 'client.example',
          scopes: ['mcp'],
          createdAt: now + index,
        },
        now + 60_000,
        `request-${index}`,
      );
    const seen = new Set<string>();
    let next: string | undefined = `${site.url}/oauth`;
    for (let page = 1; next !== undefined; page += 1) {
      const { text, status } = await browser.request(next);
      expect(status).toBe(200);
      for (const [name] of text.matchAll(/person-\d+/g)) seen.add(name);
      if (page === 1) expect([seen.has('person-149'), seen.has('person-0')]).toEqual([true, false]);
      expect(text.includes('rel="prev"')).toBe(page > 1);
      next = /rel="next" href="([^"]+)"/.exec(text)?.[1];
    }
    expect(seen.size).toBe(150);
  });

  it.each(['0', '-1', 'x', '1e3', '99999999', ''])('takes page %s for the first', async (page) => {
    const { browser } = await danceAs('root');
    expect((await browser.request(`${site.url}/oauth?page=${page}`)).text).toContain('this one');
  });
});
