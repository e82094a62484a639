import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Browser, type Seen } from './browser.js';
import { allow, atClient, authorizeRequest, dance, exchange, refresh, register, toConsent } from './dance.js';
import { openSite, type Site } from './open-site.js';
import { startStandIn, type StandIn } from './stand-in-provider.js';

let site: Site;
let second: StandIn;
beforeAll(async () => {
  second = await startStandIn('<b>two</b>');
  site = await openSite({ providers: [await startStandIn('acme', true), second] });
});
afterAll(() => site.close());
afterEach(() => {
  Object.assign(site.upstream, { person: 'ada', down: false, lifetimeMs: undefined });
  site.upstream.refused.clear();
});

/** Starts a sign-in for a client, and stops where the provider sends the browser back to. */
async function atProvider(browser: Browser) {
  const attempt = authorizeRequest(site, await register(site));
  const page = await browser.go(attempt.url);
  const link = /href="([^"]*\/sign-in\/acme)"/.exec(page.text)?.[1] ?? '';
  const callback = await browser.go(link, ({ pathname }) => pathname.startsWith('/oauth/callback/'));
  return { page, link, callback: new URL(callback.location ?? '') };
}

function failed(seen: Seen, status = 400) {
  expect([seen.status, seen.location]).toEqual([status, undefined]);
  expect(seen.headers.get('content-type')).toContain('text/html');
  expect(seen.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(seen.text).toMatch(/Go back|Try again|account/);
}

async function works(accessToken: string): Promise<boolean> {
  return site.issuer.authenticator.verify({ kind: 'bearer', value: accessToken }).then(
    () => true,
    () => false,
  );
}

/** Runs while the clock is ahead, so that providers are asked again. */
async function later<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const now = Date.now();
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now + ms);
  try {
    return await work();
  } finally {
    clock.mockRestore();
  }
}

describe('the sign-in page', () => {
  it('offers every provider, names the client, and escapes what operators call things', async () => {
    const { page } = await atProvider(new Browser());
    expect(page.text.match(/Sign in with /g)).toHaveLength(2);
    expect(page.text).toContain('Test client');
    expect(page.text).toContain('&lt;b&gt;two&lt;/b&gt;');
    expect(page.text).not.toContain('<b>');
  });

  it('can be cancelled, which the client hears', async () => {
    const browser = new Browser();
    const { page } = await atProvider(browser);
    const sent = await browser.submit(page, 'decision', 'deny');
    const answer = new URL((await browser.go(sent.location ?? '', atClient)).location ?? '');
    expect(answer.searchParams.get('error')).toBe('access_denied');
  });

  it.each([
    ['invalid_scope', 'the provider answered invalid_scope instead of a code'],
    ['<b>forged</b>', 'the provider answered something else instead of a code'],
  ])('puts on record which error the provider answered, and no other text: %s', async (error, reason) => {
    const browser = new Browser();
    const { callback } = await atProvider(browser);
    callback.searchParams.delete('code');
    callback.searchParams.set('error', error);
    failed(await browser.request(callback.href));
    expect(site.events.at(-1)).toMatchObject({ event: 'sign-in', outcome: 'failure', reason });
  });

  it('begins nothing for another browser, or at an unknown provider', async () => {
    const browser = new Browser();
    const { link } = await atProvider(browser);
    failed(await new Browser().request(link));
    failed(await browser.request(link.replace('acme', 'nobody')), 404);
    failed(await browser.request(link.replace('acme', '__proto__')), 404);
  });
});

describe('a request of somebody else', () => {
  async function lure(victim: Browser) {
    const attacker = new Browser();
    const theirs = await atProvider(attacker);
    const resume = theirs.page.url.href.replace('/interaction/', '/authorize/');
    return {
      ...theirs,
      resumed: () => attacker.go(resume, atClient),
      seen: await victim.request(theirs.link),
    };
  }

  it('is not signed in to by a person who follows a link to it while a request of her own waits', async () => {
    const victim = new Browser();
    await atProvider(victim);
    const { seen, resumed } = await lure(victim);
    failed(seen);
    expect((await resumed()).text).toContain('Sign in with');
  });

  it('is not shown, begun or decided with the cookie of another request', async () => {
    const mine = new Browser();
    const own = await atProvider(mine);
    const headers = { cookie: mine.cookiesFor(own.page.url) };
    const { page, link } = await atProvider(new Browser());
    failed(await new Browser().request(page.url, { headers }));
    failed(await new Browser().request(link, { headers }));
    const deny = new URLSearchParams({ decision: 'deny' });
    failed(await new Browser().request(page.url, { method: 'POST', headers, body: deny }));
    expect((await new Browser().request(own.page.url, { headers })).status).toBe(200);
  });
});

describe('the state of a sign-in', () => {
  it('is single use, of one browser, of one provider, and ends after ten minutes', async () => {
    const browser = new Browser();
    const mine = await atProvider(browser);
    failed(await new Browser().request(mine.callback));
    failed(await browser.request(mine.callback));

    const next = await atProvider(browser);
    const elsewhere = new URL(next.callback);
    elsewhere.pathname = `/oauth/callback/${encodeURIComponent('<b>two</b>')}`;
    failed(await browser.request(elsewhere));

    const old = await atProvider(browser);
    failed(await later(601_000, () => browser.request(old.callback)));

    const good = await atProvider(browser);
    expect((await browser.request(good.callback)).status).toBe(303);
    failed(await browser.request(good.callback));
    expect(site.events).toContainEqual(
      expect.objectContaining({ event: 'sign-in', outcome: 'failure', provider: 'unknown' }),
    );
  });

  it.each(['', '?state=', '?state=x', '?state=x&state=y', '?code=x', `?state=${'x'.repeat(5000)}`])(
    'that is wrong gets a page that helps: %s',
    async (query) => {
      failed(await new Browser().request(`${site.url}/oauth/callback/acme${query.slice(0, 6000)}`));
    },
  );

  it('of one tab does not disturb another tab', async () => {
    const browser = new Browser();
    const [first, other] = [await atProvider(browser), await atProvider(browser)];
    expect((await browser.request(other.callback)).status).toBe(303);
    expect((await browser.request(first.callback)).status).toBe(303);
  });
});

describe('a provider', () => {
  it('that refuses a person gives a page, and nobody is signed in', async () => {
    site.upstream.refused.add('ada');
    const browser = new Browser();
    const { callback } = await atProvider(browser);
    failed(await browser.request(callback), 403);
    expect((await browser.request(`${site.url}/oauth`)).text).toContain('Sign in with');
  });

  it('that is left by the person gives a page', async () => {
    site.upstream.person = undefined;
    const browser = new Browser();
    const { callback } = await atProvider(browser);
    failed(await browser.request(callback));
  });

  it('that is down gives a page, without its words', async () => {
    const browser = new Browser();
    const { callback, link } = await atProvider(browser);
    site.upstream.down = true;
    failed(await browser.request(callback), 502);
    const again = await browser.request(link);
    expect([again.status, again.text.includes('down')]).toEqual([502, false]);
  });

  it('signs another person in in the same browser, under a new session', async () => {
    const browser = new Browser();
    await dance(site, { browser });
    site.upstream.person = 'bob';
    const page = await browser.go(`${site.url}/oauth/sign-in/acme`);
    expect(page.text).toContain('<strong>bob</strong>');
    const clientId = await register(site);
    const again = await toConsent(browser, authorizeRequest(site, clientId, { prompt: 'login' }));
    expect(again.text).toContain('bob');
  });
});

describe('a refresh here asks the provider again', () => {
  it('and takes what it says now', async () => {
    const { clientId, refreshToken } = await dance(site);
    const before = site.upstream.refreshes;
    expect((await later(120_000, () => refresh(site, clientId, refreshToken))).status).toBe(200);
    expect(site.upstream.refreshes).toBe(before + 1);
    expect(site.events).toContainEqual(
      expect.objectContaining({ event: 'upstream-refresh', outcome: 'success' }),
    );
  });

  it('and ends everything of a person that it refuses', async () => {
    site.upstream.person = 'eve';
    const { clientId, refreshToken, accessToken, browser } = await dance(site);
    site.upstream.refused.add('eve');
    const { body } = await later(120_000, () => refresh(site, clientId, refreshToken));
    expect(body.error).toBe('invalid_grant');
    expect(await works(accessToken)).toBe(false);
    expect((await browser.request(`${site.url}/oauth`)).text).toContain('Sign in with');
  });

  it('and gives no new tokens for the old session of a person that it refuses', async () => {
    site.upstream.person = 'mallory';
    const { clientId, accessToken, browser } = await dance(site);
    site.upstream.refused.add('mallory');
    await later(120_000, async () => {
      const attempt = authorizeRequest(site, clientId);
      const answer = await allow(browser, await toConsent(browser, attempt));
      expect((await exchange(site, clientId, attempt, answer)).body.error).toBe('invalid_grant');
    });
    expect(await works(accessToken)).toBe(false);
  });

  it('and cannot be kept from being asked: who disconnects signs in again', async () => {
    site.upstream.person = 'trent';
    const { clientId, refreshToken, browser } = await dance(site);
    await browser.submit(await browser.go(`${site.url}/oauth`), 'action', 'disconnect');
    expect((await refresh(site, clientId, refreshToken)).body.error).toBe('invalid_grant');
    expect((await browser.go(authorizeRequest(site, clientId).url)).text).toContain('Sign in with');
  });

  it('and does not connect somebody again who disconnects while it is asked', async () => {
    site.upstream.person = 'peggy';
    const { clientId, refreshToken, browser } = await dance(site);
    const { provider } = site.upstream;
    const answer = provider.refresh.bind(provider);
    const slow = vi.spyOn(provider, 'refresh').mockImplementation(async (tokens) => {
      await browser.submit(await browser.go(`${site.url}/oauth`), 'action', 'disconnect');
      return answer(tokens);
    });
    try {
      const { body } = await later(120_000, () => refresh(site, clientId, refreshToken));
      expect(body.error).toBe('invalid_grant');
    } finally {
      slow.mockRestore();
    }
    expect(await site.issuer.externalToken('acme|id-of-peggy')).toBeUndefined();
  });

  it.each([
    ['what it answers', false],
    ['that it is down', true],
  ])(
    'and does not connect somebody again who disconnects just before it is noted %s',
    async (_what, down) => {
      site.upstream.person = 'quinn';
      const { clientId, refreshToken, browser } = await dance(site);
      site.upstream.down = down;
      const { store } = site;
      const write = { put: store.put.bind(store), change: store.change.bind(store) };
      let disconnected = false;
      const disconnectFirst = async (kind: string): Promise<void> => {
        if (disconnected || kind !== 'oauth:Account') return;
        disconnected = true;
        await browser.submit(await browser.go(`${site.url}/oauth`), 'action', 'disconnect');
      };
      vi.spyOn(store, 'put').mockImplementation(async (...args) => {
        await disconnectFirst(args[0]);
        return write.put(...args);
      });
      vi.spyOn(store, 'change').mockImplementation(async (...args) => {
        await disconnectFirst(args[0]);
        return write.change(...args);
      });
      try {
        const { body } = await later(120_000, () => refresh(site, clientId, refreshToken));
        expect([body.error, disconnected]).toEqual(['invalid_grant', true]);
      } finally {
        vi.restoreAllMocks();
        site.upstream.down = false;
      }
      expect((await browser.go(`${site.url}/oauth`)).text).toContain('Awaiting OAuth');
    },
  );

  it('and goes on for a while when it is down', async () => {
    const { clientId, refreshToken } = await dance(site);
    site.upstream.down = true;
    const first = await later(120_000, () => refresh(site, clientId, refreshToken));
    expect(first.status).toBe(200);
    expect((await site.issuer.externalToken('acme|id-of-ada')) ?? '').toMatch(/^upstream-access-/);
  });
});

describe('the token of the provider', () => {
  it('is given out refreshed, once for many who ask at a time', async () => {
    site.upstream.person = 'grace';
    site.upstream.lifetimeMs = 30_000;
    await dance(site);
    const before = site.upstream.refreshes;
    site.upstream.lifetimeMs = 3_600_000;
    const tokens = await Promise.all(
      Array.from({ length: 5 }, () => site.issuer.externalToken('acme|id-of-grace')),
    );
    expect(new Set(tokens).size).toBe(1);
    expect([tokens[0]?.startsWith('upstream-access-'), site.upstream.refreshes - before]).toEqual([true, 1]);
  });

  it('is given out for nobody unknown, and not without the setting', async () => {
    expect(await site.issuer.externalToken('acme|nobody')).toBeUndefined();
    const closed = await openSite();
    try {
      await dance(closed);
      expect(await closed.issuer.externalToken('acme|id-of-ada')).toBeUndefined();
    } finally {
      await closed.close();
    }
  });
});

describe('what cannot be recorded', () => {
  it('does not happen', async () => {
    let full = false;
    const broken = await openSite({
      record: () => (full ? Promise.reject(new Error('disk full')) : Promise.resolve()),
    });
    try {
      const { clientId, refreshToken, browser } = await dance(broken);
      const attempt = authorizeRequest(broken, clientId);
      const page = await toConsent(browser, attempt);
      full = true;
      const refreshed = await refresh(broken, clientId, refreshToken);
      expect([refreshed.status, refreshed.body.access_token]).toEqual([503, undefined]);
      const allowed = await browser.submit(page, 'decision', 'allow');
      expect([allowed.status >= 500, allowed.location]).toEqual([true, undefined]);
      const account = await browser.request(`${broken.url}/oauth`);
      expect((await browser.submit(account, 'action', 'sign-out')).status).toBeGreaterThanOrEqual(500);
      expect((await browser.request(`${broken.url}/oauth`)).text).toContain('You are signed in');
      broken.upstream.person = 'grace';
      const signedIn = await toConsent(new Browser(), authorizeRequest(broken, clientId));
      expect([signedIn.status >= 500, signedIn.location]).toEqual([true, undefined]);
      expect(await broken.store.list('oauth:Account')).toHaveLength(1);
    } finally {
      await broken.close();
    }
  });
});

it('while the store cannot be used, who comes back from the pages gets one that says so, and the console hears nothing', async () => {
  const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const broken = await openSite();
  try {
    const browser = new Browser();
    const attempt = authorizeRequest(broken, await register(broken));
    const { location = '' } = await browser.submit(await toConsent(browser, attempt), 'decision', 'allow');
    await broken.store.close();
    const resumed = await browser.request(location);
    expect(resumed.status).toBe(503);
    expect(resumed.headers.get('content-type')).toContain('text/html');
    expect(resumed.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(resumed.headers.get('cache-control')).toContain('no-store');
    expect(printed).not.toHaveBeenCalled();
  } finally {
    printed.mockRestore();
    await broken.close();
  }
});
