import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser, type Seen } from './browser.js';
import {
  allow,
  authorizeRequest,
  dance,
  exchange,
  redirectUri,
  refresh,
  register,
  registration,
  toConsent,
} from './dance.js';
import { openSite, type Site } from './open-site.js';

let site: Site;
beforeAll(async () => {
  site = await openSite({ clients: [{ clientId: 'plain', redirectUris: [redirectUri] }] });
});
afterAll(() => site.close());

async function consent() {
  const browser = new Browser();
  const clientId = await register(site);
  const attempt = authorizeRequest(site, clientId);
  return { browser, clientId, attempt, page: await toConsent(browser, attempt) };
}

describe('a neighbour of this host that sets cookies for it', () => {
  /** What the neighbour can plant in a browser: everything of its own request but what only this host can set. */
  function planted(browser: Browser, url: URL): { cookie: string } {
    const all = browser.cookiesFor(url).split('; ');
    const some = all.filter((pair) => !pair.startsWith('mxcp_browser'));
    expect(some.length).toBeLessThan(all.length);
    return { cookie: some.join('; ') };
  }

  it('makes nobody see, sign in to, allow or deny the request of the neighbour', async () => {
    const attacker = new Browser();
    const page = await attacker.go(authorizeRequest(site, await register(site)).url);
    const headers = planted(attacker, page.url);
    const form_token = /name="form_token" value="([^"]*)"/.exec(page.text)?.[1] ?? '';
    for (const decision of ['allow', 'deny']) {
      const body = new URLSearchParams({ form_token, decision });
      const sent = await new Browser().request(page.url, { method: 'POST', headers, body });
      expect([sent.status, sent.location]).toEqual([400, undefined]);
    }
    for (const url of [page.url.href, `${page.url.href}/sign-in/acme`]) {
      const seen = await new Browser().request(url, { headers });
      expect([seen.status, seen.location]).toEqual([400, undefined]);
    }
    expect((await attacker.request(page.url)).status).toBe(200);
  });

  it('gains nothing from a person who has a browser cookie of her own', async () => {
    const victim = new Browser();
    await dance(site, { browser: victim });
    const { browser: attacker, page } = await consent();
    const own = victim.cookiesFor(page.url);
    const cookie = `${own}; ${planted(attacker, page.url).cookie}`;
    const seen = await new Browser().request(page.url, { headers: { cookie } });
    expect([seen.status, seen.text.includes('value="allow"')]).toEqual([400, false]);
  });

  it('makes nobody go on as the neighbour, who signed in for the request', async () => {
    const attacker = new Browser();
    const clientId = await register(site);
    const page = await attacker.go(authorizeRequest(site, clientId).url);
    const resumes = ({ pathname }: URL): boolean => pathname.startsWith('/oauth/authorize/');
    const { location = '' } = await attacker.go(`${page.url.href}/sign-in/acme`, resumes);
    const headers = planted(attacker, new URL(location));
    expect(headers.cookie).toContain('mxcp_resume=');
    const others = headers.cookie.split('; ').filter((pair) => !pair.startsWith('mxcp_session'));
    const victim = new Browser();
    const before = site.events.length;
    const seen = await victim.request(location, { headers: { cookie: others.join('; ') } });
    expect([seen.status, seen.location]).toEqual([400, undefined]);
    expect(victim.cookieNames()).not.toContain('mxcp_session');
    expect((await victim.request(`${site.url}/oauth`)).text).toContain('<h1>Sign in</h1>');
    expect(site.events.slice(before)).toContainEqual(
      expect.objectContaining({ event: 'authorization', outcome: 'failure', reason: 'invalid_request' }),
    );
    expect((await attacker.request(location)).location).toContain('/oauth/interaction/');
  });

  it('cannot set the cookies that count, where the server is on https', async () => {
    const secure = await openSite({ baseUrl: 'https://mcp.example' });
    try {
      const clientId = await register(secure);
      const asked = await new Browser().request(
        authorizeRequest(secure, clientId, { resource: undefined }).url,
      );
      const begun = await new Browser().request(`${secure.url}/oauth/sign-in/acme`);
      const cookies = [asked, begun].flatMap(({ headers }) => headers.getSetCookie());
      const names = cookies.map((line) => line.split('=', 1)[0] ?? '');
      expect(names).toContain('__Host-mxcp_browser');
      expect(names.some((name) => name.startsWith('__Host-mxcp_signin_'))).toBe(true);
      for (const line of cookies) {
        expect(line).toMatch(/; secure/i);
        expect(line).not.toMatch(/; domain/i);
        if (line.startsWith('__Host-')) expect(line).toMatch(/; path=\/;/i);
      }
    } finally {
      await secure.close();
    }
  });
});

describe('what is sent', () => {
  const parameters =
    'client_id redirect_uri response_type response_mode scope state nonce prompt resource code_challenge code_challenge_method max_age ui_locales login_hint id_token_hint acr_values claims display'.split(
      ' ',
    );
  const payloads = [
    'x\r\nx-injected: 1',
    'x\nset-cookie: injected=1',
    'x\u010d\u010ax-injected: 1',
    'x\0',
    '<b>injected</b>',
  ];

  function isClean({ status, headers, text, location }: Seen): void {
    expect(status).toBeLessThan(500);
    expect(headers.has('x-injected')).toBe(false);
    expect(headers.getSetCookie().join()).not.toContain('injected');
    expect(headers.get('content-security-policy')).not.toContain('injected');
    expect(text).not.toContain('<b>injected');
    if (location === undefined) return;
    expect([site.url, 'http://127.0.0.1:4999']).toContain(new URL(location).origin);
  }

  it.each(parameters)('as %s reaches no header and no page as it is', async (name) => {
    for (const payload of payloads) {
      const { url } = authorizeRequest(site, 'plain', { [name]: payload });
      isClean(await new Browser().request(url));
      isClean(await new Browser().go(url, ({ origin }) => origin !== site.url));
    }
  });

  it.each(parameters.filter((name) => name !== 'claims'))(
    'as %s counts for nothing when it comes twice',
    async (name) => {
      const { url } = authorizeRequest(site, 'plain');
      const [first] = url.searchParams.getAll(name);
      url.searchParams.set(name, first ?? 'x');
      url.searchParams.append(name, first ?? 'x');
      const seen = await new Browser().request(url);
      isClean(seen);
      const error =
        seen.location === undefined ? undefined : new URL(seen.location).searchParams.get('error');
      expect([seen.status === 400, error !== undefined && error !== null]).toContain(true);
    },
  );

  it.each(['grant_type', 'client_id', 'code', 'code_verifier', 'redirect_uri', 'resource'])(
    'as %s twice for a code gets no token',
    async (name) => {
      const { browser, clientId, attempt, page } = await consent();
      const answer = await allow(browser, page);
      const fields = new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: clientId,
        code: answer.searchParams.get('code') ?? '',
        code_verifier: attempt.verifier,
        redirect_uri: redirectUri,
        resource: site.mcpUrl,
      });
      fields.append(name, name === 'resource' ? 'https://other.example/mcp' : (fields.get(name) ?? ''));
      const sent = await fetch(`${site.url}/oauth/token`, { method: 'POST', body: fields });
      const body = (await sent.json()) as { access_token?: string };
      expect([sent.status, body.access_token]).toEqual([400, undefined]);
    },
  );

  it('in forms is bounded, and a form and nothing else', async () => {
    const { browser, page } = await consent();
    const post = (body: string, type = 'application/x-www-form-urlencoded') =>
      browser.request(page.url, { method: 'POST', body, headers: { 'content-type': type } });
    const token = /name="form_token" value="([^"]*)"/.exec(page.text)?.[1] ?? '';
    const right = `form_token=${token}&decision=allow`;
    expect((await post(`${right}&pad=${'x'.repeat(70_000)}`)).status).toBe(413);
    for (const type of [
      'application/json',
      'multipart/form-data; boundary=x',
      'text/plain',
      'text/plain;x=application/x-www-form-urlencoded',
    ])
      expect((await post(right, type)).location).toBeUndefined();
    for (const odd of [
      '',
      '&'.repeat(10_000),
      'scope='.repeat(5_000),
      '%',
      '%zz=%',
      `decision=allow&form_token[]=${token}`,
    ]) {
      const seen = await post(odd);
      expect([seen.status, seen.location]).toEqual([400, undefined]);
    }
    expect((await post(right)).status).toBe(303);
  });

  it('as a name reaches the pages as text', async () => {
    const name = '"><script>injected()</script>&#39;';
    const clientId = await register(site, { client_name: name });
    const browser = new Browser();
    const page = await toConsent(browser, authorizeRequest(site, clientId));
    expect(page.text).not.toContain('<script');
    await allow(browser, page);
    expect((await browser.request(`${site.url}/oauth`)).text).not.toContain('<script');
  });

  it('as metadata of a prototype changes nothing', async () => {
    const answer = await fetch(`${site.url}/oauth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"redirect_uris": ["${redirectUri}"], "token_endpoint_auth_method": "none", "__proto__": {"client_name": "x", "injected": 1}, "constructor": {"prototype": {"injected": 1}}}`,
    });
    expect([201, 400]).toContain(answer.status);
    expect(await answer.text()).not.toContain('injected');
    expect('injected' in {}).toBe(false);
    expect((await registration(site, {})).status).toBe(201);
  });
});

describe('every page', () => {
  it('is no frame, runs no script, and is no other type than it says', async () => {
    const { browser, page } = await consent();
    const pages = [
      page,
      await browser.request(`${site.url}/oauth`),
      await new Browser().request(`${site.url}/oauth`),
      await new Browser().request(`${site.url}/oauth/authorize`),
      await new Browser().request(`${site.url}/oauth/callback/acme?state=x`),
      await new Browser().request(`${site.url}/oauth`, { method: 'POST' }),
    ];
    for (const { headers } of pages) {
      const policy = headers.get('content-security-policy') ?? '';
      for (const part of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"])
        expect(policy).toContain(part);
      expect(policy).not.toContain('script-src');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toContain('no-store');
    }
  });
});

describe('many at a time', () => {
  it('who send one form get one grant that lives', async () => {
    const { browser, clientId, page } = await consent();
    await Promise.all(Array.from({ length: 5 }, () => browser.submit(page, 'decision', 'allow')));
    const grants = (await site.store.list('oauth:GrantRecord')).map(
      ({ value }) => value as { clientId: string },
    );
    expect(grants.filter((grant) => grant.clientId === clientId)).toHaveLength(1);
  });

  it('who come back with one state sign in once', async () => {
    const browser = new Browser();
    const begun = await browser.request(`${site.url}/oauth/sign-in/acme`);
    const { location = '' } = await browser.request(begun.location ?? '');
    const all = await Promise.all(Array.from({ length: 6 }, () => browser.request(location)));
    expect(all.map(({ status }) => status).toSorted()).toEqual([303, 400, 400, 400, 400, 400]);
  });

  it('who refresh with one token get one pair, and three more within the grace', async () => {
    const { clientId, refreshToken } = await dance(site);
    const all = await Promise.all(Array.from({ length: 10 }, () => refresh(site, clientId, refreshToken)));
    const given = all.filter(({ status }) => status === 200);
    expect(given.length).toBeGreaterThanOrEqual(1);
    expect(given.length).toBeLessThanOrEqual(4);
    for (const { body, status } of all) if (status !== 200) expect(body.access_token).toBeUndefined();
  });

  it('who resume one request get one code that works', async () => {
    const { browser, clientId, attempt, page } = await consent();
    const { location = '' } = await browser.submit(page, 'decision', 'allow');
    const all = await Promise.all(Array.from({ length: 5 }, () => browser.request(location)));
    const answers = all.flatMap((seen) =>
      seen.location?.startsWith(redirectUri) === true ? [new URL(seen.location)] : [],
    );
    const tokens = await Promise.all(answers.map((answer) => exchange(site, clientId, attempt, answer)));
    expect(tokens.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
  });
});
