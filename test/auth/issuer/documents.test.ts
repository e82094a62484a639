import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGuardedFetch, type FetchGuard } from '../../../src/auth/issuer/guarded-fetch.js';
import { isPublicAddress } from '../../../src/auth/issuer/public-address.js';
import { Browser } from './browser.js';
import { allow, authorizeRequest, dance, exchange, registration, toConsent } from './dance.js';
import { openSite, type Site } from './open-site.js';
import { startTlsServer, type TlsServer } from './tls-server.js';

let server: TlsServer;
let site: Site;
let requests: string[] = [];
let answer: (response: ServerResponse, id: string) => void;

/** Names of the tests resolve to loopback, which these tests allow, and nothing else does. */
function guard(): FetchGuard {
  return {
    allows: (address) => address === '127.0.0.1',
    resolve: () => Promise.resolve(['127.0.0.1']),
    ca: server.ca,
  };
}

function document(id: string, changes: object = {}): object {
  return {
    client_id: id,
    client_name: 'A client with a document',
    redirect_uris: [`${new URL(id).origin}/callback`, 'http://127.0.0.1/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
    ...changes,
  };
}

const json = (value: object) => (response: ServerResponse) =>
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));

let count = 0;
const newId = () => `https://client.example:${server.port}/app-${(count += 1)}.json`;

beforeAll(async () => {
  server = await startTlsServer((request, response) => {
    requests.push(request.url ?? '');
    answer(response, `https://${request.headers.host ?? ''}${request.url ?? ''}`);
  });
  site = await openSite({ documentGuard: guard() });
});
afterAll(async () => {
  await site.close();
  await server.close();
});
beforeEach(() => {
  requests = [];
  answer = (response, id) => json(document(id))(response);
});

async function ask(id: string, changes = {}) {
  const redirect_uri = `${new URL(id).origin}/callback`;
  return new Browser().request(authorizeRequest(site, id, { redirect_uri, ...changes }).url);
}

describe('what a client says of itself', () => {
  it('makes the server fetch nothing: a sector identifier is refused before', async () => {
    answer = (response) => json(['http://127.0.0.1:4999/callback'])(response);
    const sector_identifier_uri = `https://client.example:${server.port}/sector.json`;
    const { status, body } = await registration(site, { sector_identifier_uri });
    expect([status, body['error']]).toEqual([400, 'invalid_client_metadata']);
    expect(requests).toEqual([]);
  });

  it('makes the server fetch nothing but itself: a document with a sector identifier is refused', async () => {
    const id = newId();
    answer = (response) => json(document(id, { sector_identifier_uri: `${id}/sector` }))(response);
    expect((await ask(id)).status).toBe(400);
    expect([...new Set(requests)]).toEqual([new URL(id).pathname]);
  });
});

describe('clients that are known by a metadata document', () => {
  it('need no registration, and are asked for once', async () => {
    const id = newId();
    const { accessToken } = await dance(site, { clientId: id, scope: 'tag:hr' });
    expect(await site.issuer.authenticator.verify({ kind: 'bearer', value: accessToken })).toMatchObject({
      clientId: id,
    });
    expect(requests).toHaveLength(1);
  });

  it('proved who they are where the answer goes to their own host, and only there', async () => {
    const id = newId();
    const redirect_uri = `${new URL(id).origin}/callback`;
    const home = await toConsent(new Browser(), authorizeRequest(site, id, { redirect_uri }));
    expect(home.text).toContain('Do not ask me again');
    const local = await toConsent(
      new Browser(),
      authorizeRequest(site, id, { redirect_uri: 'http://127.0.0.1:1/callback' }),
    );
    expect(local.text).not.toContain('Do not ask me again');
    expect(local.text).toContain(id);
  });

  it('are shown as such however the scheme of their address is written', async () => {
    const id = newId().replace('https', 'HTTPS');
    answer = (response) => json(document(id))(response);
    const page = await toConsent(new Browser(), authorizeRequest(site, id));
    expect(page.text).toContain('It describes itself at the address below');
    expect(page.text).not.toContain('registered itself');
  });

  it.each<[string, (id: string) => (response: ServerResponse) => void]>([
    ['another client_id', (id) => json(document(id, { client_id: `${id}x` }))],
    ['a secret', (id) => json(document(id, { client_secret: 'x' }))],
    [
      'a shared-secret method',
      (id) => json(document(id, { token_endpoint_auth_method: 'client_secret_basic' })),
    ],
    ['no redirect URIs', (id) => json(document(id, { redirect_uris: [] }))],
    ['a redirect URI over http', (id) => json(document(id, { redirect_uris: ['http://client.example/'] }))],
    ['no JSON', () => (response) => response.end('<html>')],
    ['a list', () => json([])],
    [
      'a redirect',
      () => (response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
    ],
    ['not found', () => (response) => response.writeHead(404).end('{}')],
    ['more than 5 KB', (id) => json(document(id, { padding: 'x'.repeat(6_000) }))],
    [
      'an endless body',
      () => (response) => {
        const write = () => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
        };
        response.on('drain', write);
        write();
      },
    ],
  ])('are not known with %s', async (_what, form) => {
    const id = newId();
    answer = (response) => form(id)(response);
    const seen = await ask(id);
    expect([seen.status, seen.location]).toEqual([400, undefined]);
    expect(seen.text).toContain('This cannot go on');
  });

  it('may not be slow', async () => {
    answer = () => undefined;
    const before = performance.now();
    const seen = await ask(newId());
    expect([seen.status, performance.now() - before < 4_000]).toEqual([400, true]);
  });

  it.each([
    'http://client.example/x',
    'https://user@client.example/x',
    'https://client.example/a/../b',
    'https://client.example/x#y',
  ])('have no address like %s, which is never fetched', async (id) => {
    const seen = await new Browser().request(authorizeRequest(site, id).url);
    expect([seen.status, requests]).toEqual([400, []]);
  });
});

describe('what a stranger can make the server fetch', () => {
  it.each([
    'https://127.0.0.1/x',
    'https://localhost/x',
    'https://[::1]/x',
    'https://[::ffff:127.0.0.1]/x',
    'https://169.254.169.254/latest/meta-data',
    'https://10.0.0.1/x',
    'https://0x7f.1/x',
    'https://2130706433/x',
  ])('is nothing at %s', async (id) => {
    const closed = await openSite();
    try {
      const seen = await new Browser().request(authorizeRequest(closed, id).url);
      expect(seen.status).toBe(400);
    } finally {
      await closed.close();
    }
  });

  it.each([
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '017700000001',
    '2130706433',
    '0',
    '0.0.0.0',
    '１２７.0.0.1',
    'localhost',
    'LOCALHOST.',
    'a.localhost',
    '[::1]',
    '[::]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
  ])('is not this machine, whatever it is called: %s', async (host) => {
    const work = createGuardedFetch()(`https://${host}:${server.port}/x`);
    await expect(work).rejects.toThrow(/not public|ENOTFOUND|EAI_AGAIN/);
    expect(requests).toEqual([]);
  });

  it('is nothing that resolves to a private address beside a public one', async () => {
    const fetchIt = createGuardedFetch({
      allows: isPublicAddress,
      resolve: () => Promise.resolve(['93.184.216.34', '10.0.0.1']),
    });
    await expect(fetchIt('https://client.example/x')).rejects.toThrow('not public');
  });

  it('is the address that was checked, whatever DNS says next', async () => {
    const answers = ['127.0.0.1', '10.0.0.1'];
    const fetchIt = createGuardedFetch({
      ...guard(),
      resolve: () => Promise.resolve([answers.shift() ?? '10.0.0.2']),
    });
    answer = (response) => json({ fine: true })(response);
    const seen = await fetchIt(`https://client.example:${server.port}/x`);
    expect([await seen.json(), answers]).toEqual([{ fine: true }, ['10.0.0.1']]);
  });

  it('is nothing over http', async () => {
    await expect(createGuardedFetch(guard())('http://client.example/x')).rejects.toThrow('https');
  });

  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.255',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.19.255.255',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:8.8.8.8',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
    '64:ff9b:1::a00:1',
    '::127.0.0.1',
    '::ffff:0:127.0.0.1',
    'fe80::1%lo',
    '5f00::1',
    '127.1',
    '0x7f000001',
    ' 8.8.8.8',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:a00:1::1',
    '3fff::1',
    'fc00::1',
    'fd00::1',
    'fe80::1',
    'ff02::1',
    'nonsense',
    '',
  ])('is never at %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(['8.8.8.8', '93.184.216.34', '172.15.0.1', '172.32.0.1', '2606:4700::1111', '2a00:1450::1'])(
    'may be at %s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );
});

it('lets a client with a document go through consent at a web address', async () => {
  const id = newId();
  const redirect_uri = `${new URL(id).origin}/callback`;
  const browser = new Browser();
  const attempt = authorizeRequest(site, id, { redirect_uri });
  const got = await allow(browser, await toConsent(browser, attempt));
  expect((await exchange(site, id, attempt, got, { redirect_uri })).status).toBe(200);
});
