import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Browser, type Seen } from './browser.js';
import {
  allow,
  atClient,
  authorizeRequest,
  dance,
  exchange,
  redirectUri,
  register,
  registration,
  toConsent,
} from './dance.js';
import { openSite, type Site } from './open-site.js';

interface ScopeCases {
  readonly refused: readonly { readonly scope: string; readonly why: string }[];
  readonly granted: readonly {
    readonly asked: string;
    readonly ticked: readonly string[];
    readonly granted: string;
  }[];
}

const cases = parse(readFileSync(new URL('scopes.yml', import.meta.url), 'utf8')) as ScopeCases;
const home = {
  clientId: 'portal',
  name: 'Company portal',
  redirectUris: ['https://client.example/callback'],
};
const mayOnlySell = (username: string | null) => (username === 'bob' ? ['tag:sales'] : undefined);

let site: Site;
beforeAll(async () => {
  site = await openSite({
    clients: [
      home,
      { clientId: 'plain', redirectUris: [redirectUri] },
      { clientId: 'narrow', redirectUris: [redirectUri], scopes: ['tag:hr'] },
    ],
    facts: { allowed: ({ username }) => mayOnlySell(username) },
  });
});
afterAll(() => site.close());

async function consent(scope?: string, browser = new Browser()) {
  const clientId = await register(site);
  const attempt = authorizeRequest(site, clientId, { scope });
  return { clientId, attempt, browser, page: await toConsent(browser, attempt) };
}

describe('scopes of a request', () => {
  it.each(cases.refused)('"$scope" is refused at the verified redirect URI: $why', async ({ scope, why }) => {
    const { url } = authorizeRequest(site, 'plain', { scope });
    const answer = new URL((await new Browser().request(url)).location ?? '');
    expect(answer.href.startsWith(redirectUri)).toBe(true);
    expect([answer.searchParams.get('error'), answer.searchParams.get('error_description')]).toEqual([
      'invalid_scope',
      why,
    ]);
  });

  it('more than 50 are refused, 50 are looked at one by one', async () => {
    const ask = async (count: number) => {
      const scope = Array.from({ length: count }, (_, i) => `tag:t${i}`).join(' ');
      const seen = await new Browser().request(authorizeRequest(site, 'plain', { scope }).url);
      return new URL(seen.location ?? '').searchParams.get('error_description');
    };
    expect(await ask(51)).toBe('at most 50 scopes can be asked for');
    expect(await ask(50)).toBe('a scope is asked for that does not exist here');
  });

  it('that come twice as parameters are refused', async () => {
    const { url } = authorizeRequest(site, 'plain', { scope: 'tag:hr' });
    url.searchParams.append('scope', 'tag:sales');
    const answer = new URL((await new Browser().request(url)).location ?? '');
    expect(answer.searchParams.get('error')).toBe('invalid_request');
  });

  it('are bounded by what the operator lets a client ask for', async () => {
    const { url } = authorizeRequest(site, 'narrow', { scope: 'tag:sales' });
    const answer = new URL((await new Browser().request(url)).location ?? '');
    expect(answer.searchParams.get('error')).toBe('invalid_scope');
  });

  it('are the defaults that the operator lets a client ask for, where it asks for none', async () => {
    const facts = { defaults: ['tag:hr', 'tag:sales'] };
    const clients = [{ clientId: 'narrow', redirectUris: [redirectUri], scopes: ['tag:hr'] }];
    const own = await openSite({ clients, facts });
    own.upstream.person = 'ann';
    const { scope } = await dance(own, { clientId: 'narrow' });
    await own.close();
    expect(scope).toBe('mcp tag:hr');
  });
});

describe('a grant', () => {
  it.each(cases.granted)(
    'for "$asked" with $ticked ticked is "$granted"',
    async ({ asked, ticked, granted }) => {
      const { clientId, attempt, browser, page } = await consent(asked);
      const answer = await allow(browser, page, { scope: ticked });
      expect((await exchange(site, clientId, attempt, answer)).body.scope).toBe(granted);
    },
  );

  it('never has what the roles do not allow, ticked or not', async () => {
    site.upstream.person = 'bob';
    try {
      const { clientId, attempt, browser, page } = await consent('tag:hr tag:sales');
      expect(page.text).toContain('what your roles do not allow: use everything tagged “hr”');
      expect(page.text).not.toContain('value="tag:hr"');
      const answer = await allow(browser, page, { scope: ['tag:hr', 'tag:sales'] });
      expect((await exchange(site, clientId, attempt, answer)).body.scope).toBe('mcp tag:sales');
    } finally {
      site.upstream.person = 'ada';
    }
  });

  it('is not made by a form with scopes that the client did not ask for', async () => {
    const { browser, page, clientId } = await consent('tag:hr');
    const seen = await browser.submit(page, 'decision', 'allow', { scope: ['tag:hr', 'tag:sales'] });
    expect([seen.status, seen.location]).toEqual([400, undefined]);
    expect(site.events.at(-1)).toMatchObject({ event: 'scope-escalation', outcome: 'failure', clientId });
  });
});

describe('the consent page', () => {
  it('says who asks, where the answer goes, for what, and who you are', async () => {
    const { page } = await consent('tag:hr orders:write');
    for (const text of [
      'Test client',
      '127.0.0.1:4999',
      'Use everything tagged “hr”',
      'Use what needs the permission “orders:write”',
      'ada',
      'ada@example.com',
      'It registered itself',
    ]) {
      expect(page.text).toContain(text);
    }
  });

  it('ends a denial with access_denied at the client, and no grant', async () => {
    const { browser, page, clientId } = await consent();
    const sent = await browser.submit(page, 'decision', 'deny');
    const answer = new URL((await browser.go(sent.location ?? '', atClient)).location ?? '');
    expect(Object.fromEntries(answer.searchParams)).toMatchObject({ error: 'access_denied', iss: site.url });
    expect(site.events.at(-1)).toMatchObject({ event: 'consent', outcome: 'failure', clientId });
  });

  it('has headers against scripts, frames, caches and robots', async () => {
    const { page } = await consent();
    const get = (name: string) => page.headers.get(name);
    const policy = get('content-security-policy') ?? '';
    for (const part of [
      "default-src 'none'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "style-src 'self'",
    ]) {
      expect(policy).toContain(part);
    }
    expect(policy).not.toMatch(/unsafe|script-src/);
    expect(get('x-frame-options')).toBe('DENY');
    expect(get('cache-control')).toBe('no-store');
    expect(get('x-robots-tag')).toBe('noindex, nofollow');
    expect(get('x-content-type-options')).toBe('nosniff');
    expect(page.text).not.toMatch(/<script|style=|onclick/i);
  });

  it('is asked for every time, also of a client that a person let in before', async () => {
    const { browser, clientId } = await dance(site);
    const page = await toConsent(browser, authorizeRequest(site, clientId));
    expect(page.text).toContain('value="allow"');
  });
});

describe('names of clients', () => {
  const names = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus='alert(1)",
    '&lt;b&gt;',
    '</title><svg/onload=alert(1)>',
  ];
  it.each(names)('%s is text on the page', async (name) => {
    const clientId = await register(site, { client_name: name });
    const page = await toConsent(new Browser(), authorizeRequest(site, clientId));
    expect(page.text).not.toMatch(/<(script|img|svg|b)[ />]/);
    expect(page.text).not.toContain("onfocus='");
    expect(page.text).toContain(
      name
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('"', '&quot;')
        .replaceAll("'", '&#39;'),
    );
  });

  it.each(['Good\u202Elive', 'Zero\u200Bwidth', 'Line\nbreak', 'x'.repeat(201)])(
    'that mislead are refused: %j',
    async (name) => {
      const { status, body } = await registration(site, { client_name: name });
      expect([status, body['error']]).toEqual([400, 'invalid_client_metadata']);
    },
  );
});

describe('forms of other pages', () => {
  const post = (
    browser: Browser,
    page: Seen,
    headers: Record<string, string>,
    fields: Record<string, string>,
  ) => browser.request(page.url, { method: 'POST', headers, body: new URLSearchParams(fields) });

  it('grant nothing: without a token, with another one, or from another site', async () => {
    const { browser, page, clientId } = await consent();
    const other = await consent();
    const tokenOf = ({ text }: Seen) => /name="form_token" value="([^"]*)"/.exec(text)?.[1] ?? '';
    const right = { decision: 'allow', form_token: tokenOf(page) };
    const tries = [
      await post(browser, page, {}, { decision: 'allow' }),
      await post(browser, page, {}, { decision: 'allow', form_token: 'x' }),
      await post(browser, page, {}, { decision: 'allow', form_token: tokenOf(other.page) }),
      await post(browser, page, { origin: 'https://evil.example' }, right),
      await post(browser, page, { 'sec-fetch-site': 'cross-site' }, right),
      await post(browser, page, { 'sec-fetch-site': 'same-site' }, right),
      await post(new Browser(), page, {}, right),
      await post(other.browser, page, {}, right),
    ];
    for (const { status, location } of tries) {
      expect([400, 403]).toContain(status);
      expect(location).toBeUndefined();
    }
    const consents = site.events.filter((e) => e.event === 'consent' && e.clientId === clientId);
    expect(consents.map(({ outcome }) => outcome)).toEqual(['failure', 'failure', 'failure']);
    const fine = await post(browser, page, { origin: 'null', 'sec-fetch-site': 'same-origin' }, right);
    expect(fine.status).toBe(303);
  });
});

it('a form that is sent twice at once, with other scopes each time, gives one grant that says what the token may do', async () => {
  const { clientId, attempt, browser, page } = await consent('tag:hr tag:sales');
  const send = (scope: readonly string[]) => browser.submit(page, 'decision', 'allow', { scope });
  const [one, other] = await Promise.all([send(['tag:hr', 'tag:sales']), send(['tag:sales'])]);
  expect([one.status, other.status]).toEqual([303, 303]);
  const { location = '' } = await browser.go(other.location ?? '', atClient);
  const { body } = await exchange(site, clientId, attempt, new URL(location));
  const presented = { kind: 'bearer', value: body.access_token ?? '' } as const;
  const { scopes } = await site.issuer.authenticator.verify(presented);
  const kept = (await site.store.list('oauth:GrantRecord')).map(({ value }) => JSON.stringify(value));
  const [grant = '', ...more] = kept.filter((each) => each.includes(clientId));
  expect([more, JSON.parse(grant)]).toMatchObject([[], { scopes }]);
});

describe('what is remembered', () => {
  async function portal(browser: Browser, scope: string | undefined, changes = {}) {
    return toConsent(
      browser,
      authorizeRequest(site, 'portal', { redirect_uri: home.redirectUris[0], scope, ...changes }),
    );
  }

  it('is a decision about a client that proved who it is, for these scopes, until it is revoked', async () => {
    const browser = new Browser();
    const page = await portal(browser, 'tag:hr');
    expect(page.text).toContain('Do not ask me again');
    await allow(browser, page, { remember: ['yes'] });
    const again = await portal(browser, 'tag:hr');
    expect(new URL(again.location ?? '').searchParams.get('code')).toBeTruthy();
    expect((await portal(browser, 'tag:hr tag:sales')).text).toContain('value="allow"');
    expect((await portal(browser, 'tag:hr', { prompt: 'consent' })).text).toContain('value="allow"');
    const account = await browser.request(`${site.url}/oauth`);
    await browser.submit(account, 'action', 'revoke-grant');
    expect((await portal(browser, 'tag:hr')).text).toContain('value="allow"');
  });

  it('is answered without ending what the client has: a link of anybody disconnects nobody', async () => {
    const browser = new Browser();
    const uri = home.redirectUris[0] ?? '';
    const asked = { redirect_uri: uri, scope: 'tag:hr tag:sales' };
    const attempt = authorizeRequest(site, 'portal', asked);
    const answer = await allow(browser, await toConsent(browser, attempt), { remember: ['yes'] });
    const first = await exchange(site, 'portal', attempt, answer, { redirect_uri: uri });
    const lured = authorizeRequest(site, 'portal', { ...asked, scope: 'tag:sales tag:hr' });
    const { location = '' } = await toConsent(browser, lured);
    const second = await exchange(site, 'portal', lured, new URL(location), { redirect_uri: uri });
    for (const { body } of [first, second]) {
      const value = body.access_token ?? '';
      const { scopes } = await site.issuer.authenticator.verify({ kind: 'bearer', value });
      expect(new Set(scopes)).toEqual(new Set(['mcp', 'tag:hr', 'tag:sales']));
    }
    const account = await browser.request(`${site.url}/oauth`);
    await browser.submit(account, 'action', 'revoke-grant');
    for (const { body } of [first, second]) {
      const value = body.access_token ?? '';
      await expect(site.issuer.authenticator.verify({ kind: 'bearer', value })).rejects.toThrow();
    }
    expect((await toConsent(browser, lured)).text).toContain('value="allow"');
  });

  it('of another set of scopes ends what the client has only once the client takes the answer', async () => {
    const browser = new Browser();
    const redirect_uri = home.redirectUris[0] ?? '';
    const ask = async (scope: string) => {
      const attempt = authorizeRequest(site, 'portal', { redirect_uri, scope });
      const page = await toConsent(browser, attempt);
      const answer =
        page.location === undefined
          ? await allow(browser, page, { remember: ['yes'] })
          : new URL(page.location);
      return async () => {
        const { body } = await exchange(site, 'portal', attempt, answer, { redirect_uri });
        return { kind: 'bearer', value: body.access_token ?? '' } as const;
      };
    };
    await (
      await ask('orders:write')
    )();
    const second = await (await ask('orders:write tag:hr'))();
    const { authenticator } = site.issuer;

    const lured = await ask('orders:write');
    expect((await authenticator.verify(second)).scopes).toContain('tag:hr');
    const third = await lured();
    await expect(authenticator.verify(second)).rejects.toThrow('revoked');
    expect((await authenticator.verify(third)).scopes).toEqual(['mcp', 'orders:write']);
    const account = await browser.request(`${site.url}/oauth`);
    expect(account.text.match(/<dd>Company portal/g)).toHaveLength(1);
  });

  it("is never one about a program on the user's machine", async () => {
    const { browser, clientId, page, attempt } = await consent('tag:hr');
    expect(page.text).not.toContain('Do not ask me again');
    await allow(browser, page, { remember: ['yes'] });
    expect(
      (
        await toConsent(browser, {
          ...attempt,
          url: authorizeRequest(site, clientId, { scope: 'tag:hr' }).url,
        })
      ).text,
    ).toContain('value="allow"');
  });
});

it('a consent is not given on a page that was open before somebody disconnected, and nothing ends by it', async () => {
  site.upstream.person = 'ann';
  const { browser, clientId, accessToken } = await dance(site, { scope: 'tag:hr' });
  const page = await toConsent(browser, authorizeRequest(site, clientId, { scope: 'tag:sales' }));
  await browser.submit(await browser.go(`${site.url}/oauth`), 'action', 'disconnect');
  expect((await browser.submit(page, 'decision', 'allow')).status).toBe(400);
  const credential = { kind: 'bearer', value: accessToken } as const;
  expect(await site.issuer.authenticator.verify(credential)).toMatchObject({ scopes: ['mcp', 'tag:hr'] });
});

it.each([
  ['http://127.0.0.1:4999/callback', 'http://127.0.0.1:4999'],
  ['http://[::1]:4999/callback', 'http:'],
  ['com.example.app:/callback', 'com.example.app:'],
  ['https://client.example/callback', 'https://client.example'],
])('the consent page lets a browser go on to %s by its policy', async (redirect_uri, source) => {
  const clientId = await register(site, { redirect_uris: [redirect_uri] });
  const page = await toConsent(new Browser(), authorizeRequest(site, clientId, { redirect_uri }));
  const policy = (page.headers.get('content-security-policy') ?? '').split('; ');
  expect(policy).toContain(`form-action 'self' https: ${source}`);
});
