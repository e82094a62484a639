import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser, type Seen } from '../auth/issuer/browser.js';
import {
  allow,
  atClient,
  authorizeRequest,
  exchange,
  redirectUri,
  refresh,
  registration,
  token,
  type Address,
  type TokenAnswer,
} from '../auth/issuer/dance.js';
import { startOidc, type OidcStandIn } from '../auth/stand-ins/oidc.js';
import { signIn } from '../auth/stand-ins/sign-in.js';
import { clientId, clientSecret } from '../auth/stand-ins/stand-in.js';
import { mxcp, serve, writeSite, type Server, type Site } from '../e2e/program.js';
import { bearer, call } from './call.js';
import { configure } from './configure.js';
import { coreOf } from './core-file.js';
import { formsOf, secretsBelow, secretsIn } from './find-secrets.js';
import { freePort } from './free-port.js';

const random = (): string => randomBytes(24).toString('base64url');

/** Everything secret that the run has used. */
const secrets = new Map<string, string>();
/** What was answered to attempts that fail. */
const refusals: string[] = [];

function secret(name: string, value: string | null | undefined): string {
  if (value == null || value === '') throw new Error(`The run has no ${name}`);
  secrets.set(name, value);
  return value;
}

const files = {
  'mxcp-site.yml': `mxcp: 1
project: vault
profile: default
profiles: { default: { duckdb: { path: ':memory:' } } }
`,
  'tools/hello.yml': `mxcp: 1
tool: { name: hello, description: Says hello., return: { type: string }, source: { code: SELECT get_username() } }
`,
};

let standIn: OidcStandIn;
let site: Site;
let server: Server;
let address: Address;

beforeAll(async () => {
  standIn = await startOidc();
  site = writeSite(files, {
    MXCP_LOG_LEVEL: 'debug',
    MXCP_SECRET_KEY: secret('site secret', random()),
    MXCP_TOKEN_ENCRYPTION_KEY: secret('encryption key', random()),
    PROVIDER_SECRET: secret('secret at the provider', clientSecret),
    DESK_SECRET: secret('secret of a configured client', random()),
  });
  const corp = { client_id: clientId, client_secret: '${PROVIDER_SECRET}', discovery_url: standIn.url };
  const desk = { client_id: 'desk', client_secret: '${DESK_SECRET}', redirect_uris: [redirectUri] };
  configure(site, 'vault', {
    auth: { provider: 'oidc', oidc: { name: 'corp', ...corp }, clients: [desk], api_keys: true },
  });
  const port = await freePort();
  server = await serve(site, ['--port', String(port), '--debug'], { cores: true });
  address = { url: `http://127.0.0.1:${port}`, mcpUrl: server.url };
});

afterAll(async () => {
  await server.stop();
  await standIn.close();
  site.remove();
});

const away = (url: URL): boolean => atClient(url) || url.origin === standIn.url;

function keepCookies(browser: Browser, when: string): void {
  for (const [index, value] of browser.cookieValues().entries()) {
    if (value.length >= 16) secret(`cookie ${index} ${when}`, value);
  }
}

function keepTokens({ body }: TokenAnswer, when: string): { access: string; refreshing: string } {
  return {
    access: secret(`access token ${when}`, body.access_token),
    refreshing: secret(`refresh token ${when}`, body.refresh_token),
  };
}

/** As far as the consent page. */
async function signedIn(browser: Browser, start: URL): Promise<Seen> {
  const page = await browser.go(start, away);
  const link = /<a class="button main" href="([^"]*\/sign-in\/[^"]*)"/.exec(page.text)?.[1] ?? '';
  const { location = '' } = await browser.go(link, away);
  keepCookies(browser, 'at sign-in');
  const asked = new URL(location).searchParams;
  secret('state at the provider', asked.get('state'));
  secret('nonce at the provider', asked.get('nonce'));
  const back = await signIn(standIn, location, 'ada');
  secret('code of the provider', back.searchParams.get('code'));
  const consent = await browser.go(back, away);
  keepCookies(browser, 'after sign-in');
  secret('token of the form', /name="form_token" value="([^"]+)"/.exec(consent.text)?.[1]);
  return consent;
}

async function aPersonConnects(): Promise<void> {
  const browser = new Browser();
  const { body } = await registration(address, { token_endpoint_auth_method: 'client_secret_post' });
  const id = String(body['client_id']);
  const own = { client_secret: secret('secret of a registered client', String(body['client_secret'])) };
  const attempt = authorizeRequest(address, id);
  secret('verifier of the client', attempt.verifier);
  const answer = await allow(browser, await signedIn(browser, attempt.url));
  secret('code of the client', answer.searchParams.get('code'));
  const first = keepTokens(await exchange(address, id, attempt, answer, own), 'at first');
  expect((await call(address.mcpUrl, bearer(first.access), 'hello')).text).toContain('ada');
  const second = keepTokens(await refresh(address, id, first.refreshing, own), 'after a refresh');
  expect((await call(address.mcpUrl, bearer(second.access), 'hello')).status).toBe(200);
  // A code comes again, and later a refresh token that was used: both end in refusals that name a token.
  const again = await exchange(address, id, attempt, answer, own);
  refusals.push(JSON.stringify(again.body));
  await browser.submit(await browser.request(`${address.url}/oauth`), 'action', 'sign-out');
}

function keepUpstream(): void {
  const exchanged = standIn.seen.find(({ path, method }) => path === '/token' && method === 'POST');
  secret('verifier at the provider', new URLSearchParams(exchanged?.body).get('code_verifier'));
  for (const [kind, values] of Object.entries(standIn.issued)) {
    for (const [index, value] of values.entries()) secret(`${kind} ${index} of the provider`, value);
  }
  expect(standIn.issued.accessTokens.length).toBeGreaterThan(0);
  expect(standIn.issued.refreshTokens.length).toBeGreaterThan(0);
}

async function aServiceConnects(): Promise<void> {
  const made = await mxcp(site, ['keys', 'create', 'nightly', '--json']);
  const key = secret('API key', (JSON.parse(made.stdout) as { result: { key: string } }).result.key);
  secret('secret of the API key', key.slice(key.lastIndexOf('_') + 1));
  expect((await call(address.mcpUrl, { 'x-api-key': key }, 'hello')).status).toBe(200);
  refusals.push((await call(address.mcpUrl, { 'x-api-key': key, ...bearer(key) }, 'hello')).text);
  refusals.push((await call(`${address.mcpUrl}?api_key=${key}`, {}, 'hello')).text);
}

async function strangersTry(): Promise<void> {
  const wrong = (name: string, prefix = ''): string => secret(`wrong ${name}`, prefix + random());
  const access = wrong('access token', 'mxat_');
  const tries = [
    bearer(access),
    bearer(wrong('bearer')),
    { 'x-api-key': wrong('API key', 'mxcp_AAAAAAAAAAAA_') },
    { authorization: `Basic ${wrong('basic credential')}` },
    { authorization: `Bearer ${access} ${wrong('second half')}` },
    { cookie: `mxcp_session=${wrong('cookie')}` },
  ];
  for (const headers of tries) {
    const { status, text } = await call(address.mcpUrl, headers, 'hello');
    expect(status).toBeGreaterThanOrEqual(400);
    refusals.push(text);
  }
  refusals.push((await call(`${address.mcpUrl}?access_token=${access}`, {}, 'hello')).text);

  const code = { grant_type: 'authorization_code', code: wrong('code'), code_verifier: wrong('verifier') };
  const desk = { client_id: 'desk', client_secret: wrong('client secret') };
  const renewal = { grant_type: 'refresh_token', refresh_token: wrong('refresh token', 'mxrt_') };
  for (const fields of [
    { ...code, ...desk },
    { ...renewal, ...desk },
    { ...desk, grant_type: wrong('grant type') },
  ])
    refusals.push(JSON.stringify((await token(address, fields)).body));

  const browser = new Browser();
  const pages = [
    `/oauth/callback/corp?code=${wrong('code of the provider')}&state=${wrong('state')}`,
    `/oauth/authorize?client_id=desk&redirect_uri=https://elsewhere.example/&state=${wrong('client state')}`,
    `/oauth/interaction/${wrong('interaction')}`,
    `/somewhere/${wrong('path')}?token=${wrong('query')}`,
  ];
  for (const page of pages) refusals.push((await browser.request(address.url + page)).text);
}

/** The provider answers a sign-in with an error that quotes what it was sent. */
async function theProviderFails(): Promise<void> {
  const browser = new Browser();
  standIn.faults.set('/token', (seen, response) => {
    response.writeHead(500, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: 'server_error', error_description: `Cannot read ${seen.body}` }));
  });
  const attempt = authorizeRequest(address, 'desk');
  const page = await browser.go(attempt.url, away);
  const link = /<a class="button main" href="([^"]*\/sign-in\/[^"]*)"/.exec(page.text)?.[1] ?? '';
  const { location = '' } = await browser.go(link, away);
  const back = await signIn(standIn, location, 'ada');
  secret('code that the provider does not redeem', back.searchParams.get('code'));
  const failed = await browser.go(back, away);
  expect(failed.status).toBeGreaterThanOrEqual(400);
  refusals.push(failed.text);
  standIn.faults.delete('/token');
}

describe('the search', () => {
  it.each(formsOf('a secret/of 24 + characters').map((form, index) => [index, form] as const))(
    'finds form %i of a secret inside of other text',
    (_, form) => {
      const known = new Map([['it', 'a secret/of 24 + characters']]);
      expect(secretsIn(`before ${form} after`, known)).toEqual(['it']);
      expect(secretsIn(Buffer.from('before it after'), known)).toEqual([]);
    },
  );

  it.each(['base64', 'base64url'] as const)('finds a secret in %s of a longer text', (encoding) => {
    const known = new Map([['it', 'a secret/of 24 + characters']]);
    for (const before of ['', '1', '22', '333']) {
      const longer = Buffer.from(`${before}a secret/of 24 + characters and more`).toString(encoding);
      expect(secretsIn(longer, known)).toEqual(['it']);
    }
  });
});

describe('a full run of sign-in, tokens, keys and failures', () => {
  beforeAll(async () => {
    await aPersonConnects();
    await aServiceConnects();
    await strangersTry();
    await theProviderFails();
    keepUpstream();
  });

  it('leaves no secret in any file: store, its journal, audit log, state', () => {
    const text = readFileSync(join(site.base, 'home', '.mxcp', 'vault', 'oauth.db'), 'latin1');
    expect(text.startsWith('SQLite format 3')).toBe(true);
    const events = ['sign-in', 'consent', 'token-issue', 'token-refresh', 'token-replay', 'admit', 'hello'];
    const names = site.records().map((record) => record['operation_name']);
    expect(names).toEqual(expect.arrayContaining(events));
    expect(secrets.size).toBeGreaterThan(40);
    expect(secretsBelow(site.base, secrets)).toEqual({});
  });

  it('leaves none in the log of the server, at its most talkative', () => {
    const log = server.said.stdout + server.said.stderr;
    expect(log).toContain('Signing in at corp failed');
    expect(secretsIn(log, secrets)).toEqual([]);
  });

  it('answers no refusal with one', () => {
    expect(refusals.length).toBeGreaterThan(15);
    expect(refusals.flatMap((text) => secretsIn(text, secrets))).toEqual([]);
  });

  it('shows none to operators who read the log and the keys', async () => {
    for (const command of [
      ['log', '--json'],
      ['keys', 'list', '--json'],
      ['validate', '--json'],
    ]) {
      const { stdout, stderr } = await mxcp(site, command);
      expect(JSON.parse(stdout)).toMatchObject({ status: 'ok' });
      expect(secretsIn(stdout + stderr, secrets)).toEqual([]);
    }
  });
});

describe('the core file of a crash', () => {
  it('holds none of the secrets of the run', async (test) => {
    const core = await coreOf(server, site.root, 'SIGABRT', (why) => test.skip(why));
    expect(core.subarray(0, 4).toString('latin1')).toBe('\x7fELF');
    expect(secretsIn(core, secrets)).toEqual([]);
  });

  it('would hold them without the filter, and the search would find them', async (test) => {
    const other = await serve(site, ['--port', String(await freePort())], { cores: true });
    writeFileSync(`/proc/${other.child.pid ?? 0}/coredump_filter`, '0x33');
    const core = await coreOf(other, site.root, 'SIGSEGV', (why) => test.skip(why));
    expect(core.includes(secrets.get('site secret') ?? '')).toBe(true);
  });
});
