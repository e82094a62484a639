import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openIssuer } from '../../../src/auth/issuer/open-issuer.js';
import { Browser } from './browser.js';
import {
  allow,
  authorizeRequest,
  dance,
  exchange,
  redirectUri,
  register,
  registration,
  toConsent,
} from './dance.js';
import { openSite, type Site } from './open-site.js';

let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site.close());

const later = async <T>(ms: number, work: () => Promise<T>): Promise<T> => {
  const now = Date.now();
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now + ms);
  try {
    return await work();
  } finally {
    clock.mockRestore();
  }
};

async function isKnown(clientId: string): Promise<boolean> {
  return (await new Browser().request(authorizeRequest(site, clientId).url)).status === 303;
}

describe('registration', () => {
  it('gives an id, keeps what was said, and is on record', async () => {
    const { status, body } = await registration(site, { software_id: 'x', unknown_field: 'dropped' });
    expect(status).toBe(201);
    expect(body).toMatchObject({ redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' });
    expect(body).not.toHaveProperty('unknown_field');
    expect(body).not.toHaveProperty('client_secret');
    expect(body['client_id'], 'words of a command line').toMatch(
      /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    );
    expect(site.events.at(-1)).toMatchObject({ event: 'client-registration', outcome: 'success' });
  });

  it.each([
    [
      'eleven redirect URIs',
      { redirect_uris: Array.from({ length: 11 }, (_, i) => `https://c.example/${i}`) },
      'invalid_redirect_uri',
    ],
    [
      'a long redirect URI',
      { redirect_uris: [`https://c.example/${'x'.repeat(2_100)}`] },
      'invalid_redirect_uri',
    ],
    ['redirect URIs that are text', { redirect_uris: redirectUri }, 'invalid_redirect_uri'],
    ['redirect URIs that are objects', { redirect_uris: [{}] }, 'invalid_redirect_uri'],
    ['a long name', { client_name: 'x'.repeat(201) }, 'invalid_client_metadata'],
    ['a name that is no text', { client_name: { toString: 'x' } }, 'invalid_client_metadata'],
    ['a long address', { client_uri: `https://c.example/${'x'.repeat(2_100)}` }, 'invalid_client_metadata'],
    [
      'many contacts',
      { contacts: Array.from({ length: 11 }, () => 'a@b.example') },
      'invalid_client_metadata',
    ],
    ['an unknown grant type', { grant_types: ['password'] }, 'invalid_client_metadata'],
    [
      'the implicit grant',
      { grant_types: ['implicit'], response_types: ['token'] },
      'invalid_client_metadata',
    ],
    ['an unknown method', { token_endpoint_auth_method: 'client_secret_jwt' }, 'invalid_client_metadata'],
  ])('is refused with %s', async (_what, metadata, error) => {
    const { status, body } = await registration(site, metadata);
    expect([status, body['error']]).toEqual([400, error]);
  });

  it('is refused beyond 16 KB, without a length, and in another form', async () => {
    const post = (body: string | ReadableStream, type = 'application/json') =>
      fetch(`${site.url}/oauth/register`, {
        method: 'POST',
        headers: { 'content-type': type },
        body,
        duplex: 'half',
      });
    expect((await post(JSON.stringify({ redirect_uris: ['x'.repeat(20_000)] }))).status).toBe(413);
    const stream = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode('{}'));
        controller.close();
      },
    });
    expect((await post(stream)).status).toBe(413);
    expect((await post('redirect_uris=x', 'application/x-www-form-urlencoded')).status).toBe(400);
    expect((await post('[]')).status).toBe(400);
    expect((await post('{')).status).toBe(400);
  });

  it('ends after a day for clients that nobody lets in, and not for others', async () => {
    const [unused, used] = [await register(site), (await dance(site)).clientId];
    expect(await isKnown(unused)).toBe(true);
    await later(25 * 3_600_000, async () => {
      expect([await isKnown(unused), await isKnown(used)]).toEqual([false, true]);
    });
    await later(61 * 24 * 3_600_000, async () => expect(await isKnown(used)).toBe(false));
  });

  describe('of a thousand clients that nobody has let in', () => {
    let full: Site;
    const flooder = '203.0.113.9';
    const unused = 'clients:unused';
    const ids = async () =>
      (await full.store.list('oauth:Client', unused)).map(
        ({ value }) => (value as { client_id: string }).client_id,
      );
    const fill = async (count: number, from: string, askedUntil?: number) => {
      const expiresAt = Date.now() + 3_600_000;
      for (let i = 0; i < count; i += 1) {
        const client_id = `${from} ${i}`;
        const facts = { from, at: Date.now() - 60_000 + i, ...(askedUntil && { askedUntil }) };
        const value = { client_id, redirect_uris: [redirectUri], unused: facts };
        await full.store.put('oauth:Client', client_id, value, { expiresAt, groups: [unused] });
      }
    };
    const known = async (id: string) =>
      (await new Browser().request(authorizeRequest(full, id).url)).status === 303;

    beforeEach(async () => {
      full = await openSite();
    });
    afterEach(() => full.close());

    it('the oldest of the address with most gives way to the next one, and no other', async () => {
      const mine = await register(full);
      await fill(999, flooder);
      expect((await registration(full, {})).status).toBe(201);
      const left = await ids();
      expect([left.length, left.includes(`${flooder} 0`), left.includes(`${flooder} 1`)]).toEqual([
        1_000,
        false,
        true,
      ]);
      expect(await known(mine)).toBe(true);
    });

    it('one that somebody let in stays, and so does one that a person is asked about', async () => {
      const { clientId: used, accessToken } = await dance(full);
      const [asked, free] = [await register(full), await register(full)];
      const browser = new Browser();
      const attempt = authorizeRequest(full, asked);
      const page = await toConsent(browser, attempt);
      await fill(998, '127.0.0.1', Date.now() + 60_000);
      await register(full);
      expect([await ids().then((left) => left.includes(free)), await known(used)]).toEqual([false, true]);
      await expect(
        full.issuer.authenticator.verify({ kind: 'bearer', value: accessToken }),
      ).resolves.toMatchObject({ clientId: used });
      const { body } = await exchange(full, asked, attempt, await allow(browser, page));
      expect(body.token_type).toBe('Bearer');
    });

    it('nothing of what is noted about where they are from is shown to anybody', async () => {
      await fill(1, flooder);
      const seen = await new Browser().go(authorizeRequest(full, `${flooder} 0`).url);
      expect(seen.text).not.toContain('unused');
      expect(JSON.stringify((await registration(full, {})).body)).not.toMatch(/unused|127\.0\.0\.1"/);
    });
  });

  it('can be switched off', async () => {
    const closed = await openSite({ settings: { registration: false } });
    try {
      const answer = await fetch(`${closed.url}/oauth/register`, { method: 'POST', body: '{}' });
      expect(answer.status).toBe(404);
      expect(closed.issuer.metadata).not.toHaveProperty('registration_endpoint');
    } finally {
      await closed.close();
    }
  });
});

describe('clients of the operator', () => {
  it('that cannot be used keep the server from starting, with the place and the reason', async () => {
    const origin = { file: 'config.yml', line: 7, column: 3 };
    const clients = [{ clientId: 'bad', redirectUris: ['http://client.example/'], origin }];
    await expect(
      openIssuer({
        settings: {
          providers: [],
          clients,
          registration: true,
          clientMetadataDocuments: true,
          accessTokenTtlMs: 1,
          refreshTokenTtlMs: 1,
          codeTtlMs: 1,
          replayGraceMs: 1,
          sessionTtlMs: 1,
        },
        store: site.store,
        baseUrl: site.url,
        mcpPath: '/mcp',
        secrets: ['a site secret of the tests'],
        providers: [],
        scopes: { known: [], defaults: [], allowed: () => undefined, isAdmin: () => false },
        record: () => Promise.resolve(),
        warn: () => undefined,
      }),
    ).rejects.toMatchObject({ code: 'CONFIG_INVALID', problems: [{ origin, rule: 'wrong-client' }] });
  });
});

describe('metadata documents', () => {
  const read = async (path: string) => {
    const answer = await fetch(site.url + path);
    return {
      status: answer.status,
      body: (answer.ok ? await answer.json() : undefined) as Record<string, unknown> | undefined,
    };
  };

  it.each(['', '/mcp'])(
    'of the authorization server are at the root and with the path inserted: "%s"',
    async (suffix) => {
      const { body } = await read(`/.well-known/oauth-authorization-server${suffix}`);
      expect(body).toMatchObject({
        issuer: site.url,
        authorization_endpoint: `${site.url}/oauth/authorize`,
        code_challenge_methods_supported: ['S256'],
        authorization_response_iss_parameter_supported: true,
        client_id_metadata_document_supported: true,
        response_types_supported: ['code'],
      });
      expect(JSON.stringify(body)).not.toContain('tag:');
    },
  );

  it.each(['', '/mcp'])(
    'of the resource are at the root and with the path inserted: "%s"',
    async (suffix) => {
      const { body } = await read(`/.well-known/oauth-protected-resource${suffix}`);
      expect(body).toMatchObject({
        resource: site.mcpUrl,
        authorization_servers: [site.url],
      });
    },
  );

  it('are nowhere else', async () => {
    for (const path of [
      '/.well-known/oauth-authorization-server/other',
      '/.well-known/oauth-protected-resourcex',
      '/.well-known/openid-configuration',
    ]) {
      expect((await read(path)).status).toBe(404);
    }
  });

  it('and redirects name the public address, whatever Host and forwarding headers say', async () => {
    const clientId = await register(site);
    const forged = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example',
    };
    const seen = await new Browser().request(authorizeRequest(site, clientId).url, { headers: forged });
    expect(seen.location?.startsWith(`${site.url}/oauth/interaction/`)).toBe(true);
    expect(seen.headers.getSetCookie().join()).not.toMatch(/evil|domain/i);
  });
});
