import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser, type Seen } from './browser.js';
import { allow, authorizeRequest, dance, redirectUri, register, toConsent } from './dance.js';
import { openSite, type Site } from './open-site.js';
import { startTlsServer, type TlsServer } from './tls-server.js';

let server: TlsServer;
let site: Site;
let documentId: string;
const elsewhere = 'https://client.example/callback';

beforeAll(async () => {
  server = await startTlsServer((request, response) => {
    const client_id = `https://${request.headers.host ?? ''}${request.url ?? ''}`;
    const document = { client_id, redirect_uris: [elsewhere], token_endpoint_auth_method: 'none' };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  });
  documentId = `https://client.example:${server.port}/app.json`;
  site = await openSite({
    clients: [{ clientId: 'plain', redirectUris: [elsewhere] }],
    documentGuard: {
      allows: (address) => address === '127.0.0.1',
      resolve: () => Promise.resolve(['127.0.0.1']),
      ca: server.ca,
    },
  });
});
afterAll(async () => {
  await site.close();
  await server.close();
});

/** Every error that a link can cause without anybody who does something. */
const mistakes: readonly (readonly [string, Readonly<Record<string, string | undefined>>])[] = [
  ['nobody is to be asked', { prompt: 'none' }],
  ['there is no such scope', { scope: 'tag:nothing' }],
  ['there is no such resource', { resource: 'https://other.example/mcp' }],
  ['there is no challenge', { code_challenge: undefined }],
  ['the challenge is no challenge', { code_challenge: 'x' }],
  ['there is no such response type', { response_type: 'token' }],
  ['there is no such response mode', { response_mode: 'fragment' }],
  ['there is a form that posts itself', { response_mode: 'form_post' }],
  ['there is no such prompt', { prompt: 'none login' }],
  ['there is a request object', { request: 'x.y.z' }],
  ['there is a registration', { registration: '{}' }],
  ['the age is no number', { max_age: 'x' }],
  ['the hint is no token', { id_token_hint: 'x' }],
];

const clients: readonly (readonly [string, () => Promise<string>])[] = [
  ['registered itself', () => register(site, { redirect_uris: [elsewhere] })],
  ['describes itself', () => Promise.resolve(documentId)],
];

function ask(clientId: string, changes: object, browser = new Browser()): Promise<Seen> {
  return browser.request(authorizeRequest(site, clientId, { redirect_uri: elsewhere, ...changes }).url);
}

describe.each(clients)('a client that %s', (_who, make) => {
  it.each(mistakes)('gets nobody sent to its address where %s', async (_what, changes) => {
    const seen = await ask(await make(), changes);
    expect([seen.status, seen.location]).toEqual([400, undefined]);
    expect(seen.headers.get('content-type')).toContain('text/html');
    expect(seen.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(seen.text).not.toContain('client.example/callback');
    expect(seen.text).not.toContain('state-of-the-client');
  });
});

describe('an error of an authorization request', () => {
  it.each(mistakes)('gets to a client of the operator where %s', async (_what, changes) => {
    const seen = await ask('plain', changes);
    expect(seen.location?.startsWith(elsewhere)).toBe(true);
  });

  it('gets to a client whom this person let in, and to it in no other browser', async () => {
    const { browser, clientId } = await dance(site);
    const none = { prompt: 'none', redirect_uri: redirectUri };
    const answer = new URL((await ask(clientId, none, browser)).location ?? '');
    expect([answer.origin + answer.pathname, answer.searchParams.get('error')]).toEqual([
      redirectUri,
      'consent_required',
    ]);
    expect((await ask(clientId, none)).status).toBe(400);
    const stranger = await register(site);
    expect((await ask(stranger, none, browser)).status).toBe(400);
  });

  it('gets to any client once the person has answered', async () => {
    const browser = new Browser();
    const clientId = await register(site);
    const page = await toConsent(browser, authorizeRequest(site, clientId));
    expect((await browser.submit(page, 'decision', 'deny')).location).toContain('/oauth/authorize/');
  });

  it('is a page where somebody comes back to a request that nobody answered', async () => {
    const browser = new Browser();
    const clientId = await register(site);
    const page = await browser.go(authorizeRequest(site, clientId).url);
    const back = await browser.go(page.url.href.replace('/interaction/', '/authorize/'));
    expect(back.url.origin).toBe(site.url);
    const consent = await toConsent(browser, authorizeRequest(site, clientId));
    expect((await allow(browser, consent)).href.startsWith(redirectUri)).toBe(true);
  });

  it('is on record, also as a page', async () => {
    const before = site.events.length;
    const clientId = await register(site);
    await ask(clientId, { scope: 'tag:nothing', redirect_uri: redirectUri });
    expect(site.events.slice(before)).toContainEqual(
      expect.objectContaining({
        event: 'authorization',
        outcome: 'failure',
        reason: 'invalid_scope',
        clientId,
      }),
    );
  });
});
