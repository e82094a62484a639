import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Browser } from './browser.js';
import {
  allow,
  authorizeRequest,
  dance,
  exchange,
  refresh,
  register,
  registration,
  redirectUri,
  toConsent,
  token,
  type Dance,
} from './dance.js';
import { openSite, type Site } from './open-site.js';

let site: Site;
beforeAll(async () => {
  const redirectUris = [redirectUri];
  site = await openSite({
    clients: [
      { clientId: 'plain', redirectUris },
      { clientId: 'secretive', clientSecret: 'secret-of-the-client', redirectUris },
    ],
  });
});
afterAll(() => site.close());

function works(accessToken: string): Promise<boolean> {
  return site.issuer.authenticator.verify({ kind: 'bearer', value: accessToken }).then(
    () => true,
    (error: unknown) => {
      expect(error).toMatchObject({ code: 'AUTH_CREDENTIAL_INVALID' });
      return false;
    },
  );
}

async function freshCode(clientId: string) {
  const browser = new Browser();
  const attempt = authorizeRequest(site, clientId);
  return { attempt, answer: await allow(browser, await toConsent(browser, attempt)) };
}

describe('codes', () => {
  it('work once, and the second use ends what the first one gave', async () => {
    const clientId = await register(site);
    const { attempt, answer } = await freshCode(clientId);
    const first = await exchange(site, clientId, attempt, answer);
    expect(await works(first.body.access_token ?? '')).toBe(true);
    const second = await exchange(site, clientId, attempt, answer);
    expect([second.status, second.body.error]).toEqual([400, 'invalid_grant']);
    expect(await works(first.body.access_token ?? '')).toBe(false);
    expect((await refresh(site, clientId, first.body.refresh_token ?? '')).body.error).toBe('invalid_grant');
    expect(site.events).toContainEqual(
      expect.objectContaining({ event: 'token-replay', outcome: 'failure', clientId }),
    );
  });

  it('give one pair when many requests race for them, which ends then', async () => {
    const clientId = await register(site);
    const { attempt, answer } = await freshCode(clientId);
    const all = await Promise.all(Array.from({ length: 8 }, () => exchange(site, clientId, attempt, answer)));
    const given = all.filter(({ status }) => status === 200);
    expect(given.length).toBeLessThanOrEqual(1);
    for (const { body } of given) expect(await works(body.access_token ?? '')).toBe(false);
    expect(site.events).toContainEqual(
      expect.objectContaining({ event: 'token-replay', outcome: 'failure', clientId }),
    );
  });

  it.each([
    ['another verifier', { code_verifier: 'a'.repeat(43) }],
    ['the challenge as verifier', { code_verifier: '' }],
    ['another redirect URI', { redirect_uri: 'http://127.0.0.1:4998/callback' }],
    ['another resource', { resource: 'https://other.example/mcp' }],
  ])('are worth nothing with %s', async (_what, changes) => {
    const clientId = await register(site);
    const { attempt, answer } = await freshCode(clientId);
    const { status, body } = await exchange(site, clientId, attempt, answer, changes);
    expect([status, body.access_token]).toEqual([400, undefined]);
  });

  it('are worth nothing to another client', async () => {
    const [mine, other] = [await register(site), await register(site)];
    const { attempt, answer } = await freshCode(mine);
    expect((await exchange(site, other, attempt, answer)).body.error).toBe('invalid_grant');
  });

  it('end after 60 seconds', async () => {
    const clientId = await register(site);
    const { attempt, answer } = await freshCode(clientId);
    const now = Date.now();
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now + 61_000);
    try {
      expect((await exchange(site, clientId, attempt, answer)).body.error).toBe('invalid_grant');
    } finally {
      clock.mockRestore();
    }
  });
});

describe('PKCE', () => {
  it.each([
    ['no challenge', { code_challenge: undefined, code_challenge_method: undefined }],
    ['plain', { code_challenge_method: 'plain' }],
    ['no method', { code_challenge_method: undefined }],
    ['an empty challenge', { code_challenge: '' }],
    ['an unknown method', { code_challenge_method: 'S512' }],
  ])('is required: %s is an error redirect', async (_what, changes) => {
    const { url } = authorizeRequest(site, 'plain', changes);
    const seen = await new Browser().request(url);
    const answer = new URL(seen.location ?? '');
    expect(answer.href.startsWith(redirectUri)).toBe(true);
    expect(Object.fromEntries(answer.searchParams)).toMatchObject({
      error: 'invalid_request',
      iss: site.url,
      state: 'state-of-the-client',
    });
  });

  it('is required of clients with a secret too', async () => {
    const { url } = authorizeRequest(site, 'secretive', {
      code_challenge: undefined,
      code_challenge_method: undefined,
    });
    expect(new URL((await new Browser().request(url)).location ?? '').searchParams.get('error')).toBe(
      'invalid_request',
    );
  });
});

describe('requests', () => {
  it.each([
    ['another resource', { resource: 'https://other.example/mcp' }, 'invalid_target'],
    ['a request object', { request: 'x.y.z' }, 'request_not_supported'],
    ['fragments', { response_mode: 'fragment' }, 'unsupported_response_mode'],
    ['a form that posts itself', { response_mode: 'form_post' }, 'unsupported_response_mode'],
  ])('for %s are refused at the redirect URI, in the query', async (_what, changes, error) => {
    const seen = await new Browser().request(authorizeRequest(site, 'plain', changes).url);
    expect(seen.status).toBe(303);
    const answer = new URL(seen.location ?? '');
    expect([answer.searchParams.get('error'), answer.hash]).toEqual([error, '']);
  });

  it.each(['token', 'id_token', 'code id_token', 'none'])(
    'for the response type %s get an error only',
    async (type) => {
      const { url } = authorizeRequest(site, 'plain', { response_type: type });
      const answer = (await new Browser().request(url)).location ?? '';
      expect(answer.startsWith(redirectUri)).toBe(true);
      expect(answer).toMatch(/[?#]error=/);
      expect(answer).not.toContain('token=');
    },
  );

  it('without a resource are for this server', async () => {
    const clientId = await register(site);
    const browser = new Browser();
    const attempt = authorizeRequest(site, clientId, { resource: undefined });
    const answer = await allow(browser, await toConsent(browser, attempt));
    const fields = {
      grant_type: 'authorization_code',
      client_id: clientId,
      code: answer.searchParams.get('code') ?? '',
    };
    const { body } = await token(site, {
      ...fields,
      code_verifier: attempt.verifier,
      redirect_uri: redirectUri,
    });
    expect(await works(body.access_token ?? '')).toBe(true);
  });

  it('of unknown clients get a page that sends nobody anywhere', async () => {
    const seen = await new Browser().request(authorizeRequest(site, '<script>alert(1)</script>').url);
    expect([seen.status, seen.location]).toEqual([400, undefined]);
    expect(seen.headers.get('content-type')).toContain('text/html');
    expect(seen.text).not.toContain('<script');
  });

  it.each(['client_credentials', 'password', 'implicit', 'urn:ietf:params:oauth:grant-type:device_code'])(
    'of the grant type %s get nothing',
    async (grantType) => {
      const clientId = await register(site);
      const { status, body } = await token(site, { grant_type: grantType, client_id: clientId });
      expect([status, body.error]).toEqual([400, 'unsupported_grant_type']);
    },
  );
});

describe('refresh tokens', () => {
  async function used(): Promise<Dance & { readonly next: string }> {
    const first = await dance(site);
    const { body } = await refresh(site, first.clientId, first.refreshToken);
    return { ...first, next: body.refresh_token ?? '' };
  }

  it('that come again within a minute give a working pair of the same family, three times, on record', async () => {
    const { clientId, refreshToken, next } = await used();
    for (let times = 0; times < 3; times += 1) {
      const { status, body } = await refresh(site, clientId, refreshToken);
      expect([status, await works(body.access_token ?? '')]).toEqual([200, true]);
      expect(
        site.events.some(
          (e) => e.event === 'token-replay' && e.outcome === 'success' && e.clientId === clientId,
        ),
      ).toBe(true);
      expect((await refresh(site, clientId, body.refresh_token ?? '')).status).toBe(200);
    }
    expect((await refresh(site, clientId, refreshToken)).body.error).toBe('invalid_grant');
    expect((await refresh(site, clientId, next)).body.error).toBe('invalid_grant');
  });

  it('that come again later end their family', async () => {
    const { clientId, refreshToken, next, accessToken } = await used();
    const now = Date.now();
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now + 61_000);
    try {
      expect((await refresh(site, clientId, refreshToken)).body.error).toBe('invalid_grant');
    } finally {
      clock.mockRestore();
    }
    expect((await refresh(site, clientId, next)).body.error).toBe('invalid_grant');
    expect(await works(accessToken)).toBe(false);
  });

  it('are worth nothing to another client, also within the minute', async () => {
    const { refreshToken, clientId, next } = await used();
    const thief = await register(site);
    expect((await refresh(site, thief, refreshToken)).body.error).toBe('invalid_grant');
    expect((await refresh(site, thief, next)).body.error).toBe('invalid_grant');
    expect((await refresh(site, clientId, next)).status).toBe(200);
  });

  it('cannot widen their scopes, or name another resource', async () => {
    const { clientId, refreshToken } = await dance(site, { scope: 'tag:hr' });
    expect((await refresh(site, clientId, refreshToken, { scope: 'mcp tag:sales' })).body.error).toBe(
      'invalid_scope',
    );
    const elsewhere = await refresh(site, clientId, refreshToken, { resource: 'https://other.example/' });
    expect(elsewhere.body.error).toBe('invalid_target');
  });

  it('end with their family: rotation prolongs nothing', async () => {
    const { clientId, refreshToken } = await dance(site);
    const now = Date.now();
    const at = async (days: number, token_: string) => {
      const clock = vi.spyOn(Date, 'now').mockImplementation(() => now + days * 86_400_000);
      try {
        return await refresh(site, clientId, token_);
      } finally {
        clock.mockRestore();
      }
    };
    const later = await at(29, refreshToken);
    expect(later.status).toBe(200);
    expect((await at(31, later.body.refresh_token ?? '')).body.error).toBe('invalid_grant');
  });
});

describe('revocation', () => {
  it.each(['accessToken', 'refreshToken'] as const)(
    'of the %s ends the whole grant at once',
    async (which) => {
      const tokens = await dance(site);
      const answer = await fetch(`${site.url}/oauth/revoke`, {
        method: 'POST',
        body: new URLSearchParams({ token: tokens[which], client_id: tokens.clientId }),
      });
      expect(answer.status).toBe(200);
      expect(await works(tokens.accessToken)).toBe(false);
      expect((await refresh(site, tokens.clientId, tokens.refreshToken)).body.error).toBe('invalid_grant');
      expect(
        site.events.some(
          (e) => e.event === 'token-revoke' && e.outcome === 'success' && e.clientId === tokens.clientId,
        ),
      ).toBe(true);
    },
  );

  it('by another client changes nothing', async () => {
    const tokens = await dance(site);
    const other = await register(site);
    await fetch(`${site.url}/oauth/revoke`, {
      method: 'POST',
      body: new URLSearchParams({ token: tokens.accessToken, client_id: other }),
    });
    expect(await works(tokens.accessToken)).toBe(true);
  });

  it('happens to the former grant when the same person consents to the same client again', async () => {
    const first = await dance(site);
    const second = await dance(site, { clientId: first.clientId, browser: first.browser, scope: 'tag:hr' });
    expect([await works(first.accessToken), await works(second.accessToken)]).toEqual([false, true]);
  });
});

describe('access tokens', () => {
  it('end after an hour', async () => {
    const { accessToken } = await dance(site);
    const now = Date.now();
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now + 3_601_000);
    try {
      expect(await works(accessToken)).toBe(false);
    } finally {
      clock.mockRestore();
    }
  });

  it('are known by their form, as refresh tokens are, and nothing else is', () => {
    const shown = [
      { kind: 'bearer', value: 'mxat_forged' },
      { kind: 'bearer', value: 'mxrt_forged' },
      { kind: 'bearer', value: 'mxcp_key' },
      { kind: 'bearer', value: 'eyJ.a.b' },
      { kind: 'api-key', value: 'mxat_x' },
    ] as const;
    expect(shown.map((each) => site.issuer.authenticator.recognises(each))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('that are forged, refresh tokens and codes are no access tokens', async () => {
    const { refreshToken, accessToken } = await dance(site);
    for (const value of [
      'mxat_',
      'mxat_forged',
      refreshToken,
      `mxat_${refreshToken.slice(5)}`,
      `${accessToken}x`,
    ]) {
      expect(await works(value)).toBe(false);
    }
  });

  it('work after a restart, as refresh tokens do', async () => {
    const { accessToken, refreshToken, clientId, browser } = await dance(site, { scope: 'tag:hr' });
    await site.restart();
    expect(await works(accessToken)).toBe(true);
    expect((await refresh(site, clientId, refreshToken)).body.scope).toBe('mcp tag:hr');
    expect((await browser.request(`${site.url}/oauth`)).text).toContain('You are signed in as');
  });
});

describe('clients with a secret', () => {
  it('must show it, and it is nowhere in the store', async () => {
    const { body } = await registration(site, { token_endpoint_auth_method: 'client_secret_post' });
    const [id, secret] = [String(body['client_id']), String(body['client_secret'])];
    const { attempt, answer } = await freshCode(id);
    for (const wrong of [{}, { client_secret: 'wrong' }, { client_secret: '' }]) {
      const refused = await exchange(site, id, attempt, answer, wrong);
      expect([refused.status >= 400, refused.body.access_token]).toEqual([true, undefined]);
    }
    const good = await exchange(site, id, attempt, answer, { client_secret: secret });
    expect(good.status).toBe(200);
    expect(JSON.stringify(await site.store.list('oauth:Client'))).not.toContain(secret);
  });
});
