import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { authorizeRequest, exchange, refresh, register, type Address } from '../auth/issuer/dance.js';
import { openChromium } from '../browser/open-chromium.js';
import { startClient, type WaitingClient } from '../browser/start-client.js';
import { copySite, serve, type Server, type Site } from '../e2e/program.js';
import { bearer, call, type Called } from '../services/call.js';
import { configure } from '../services/configure.js';
import { freePort } from '../services/free-port.js';
import { realmAdmin, type RealmAdmin } from './realm-admin.js';
import { startKeycloak, type Keycloak } from './start-keycloak.js';

type Person = keyof Keycloak['passwords'];

const upstreamTool = `mxcp: 1
tool:
  name: token_of_the_realm
  description: The caller's own token at Keycloak
  return: { type: string }
  source: { code: SELECT get_user_external_token() }
`;

let keycloak: Keycloak;
let admin: RealmAdmin;
let browser: Browser;
let client: WaitingClient;
let site: Site;
let server: Server;
let address: Address;

beforeAll(async () => {
  [keycloak, browser, client] = await Promise.all([startKeycloak(), openChromium(), startClient()]);
  admin = realmAdmin(keycloak);
  site = copySite('examples/site', {
    MXCP_SECRET_KEY: 'a site secret for this suite',
    REALM_SECRET: keycloak.clientSecret,
  });
  writeFileSync(join(site.root, 'tools', 'token_of_the_realm.yml'), upstreamTool);
  const { url, realm, clientId } = keycloak;
  const settings = { server_url: url, realm, client_id: clientId, client_secret: '${REALM_SECRET}' };
  configure(site, 'tremola', {
    auth: { provider: 'keycloak', keycloak: { ...settings, expose_token: true } },
  });
  const file = join(site.root, 'mxcp-site.yml');
  // Nobody here is one person at one address.
  const rates = 'sign_in: 1000/min, consent: 1000/min, token: 1000/min, registration: 1000/min';
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('\nlimits:\n');
  writeFileSync(file, text.replace('\nlimits:\n', `\nlimits:\n  rate: {${rates}}\n`));
  const port = await freePort();
  server = await serve(site, ['--port', String(port)], { lifeMs: 900_000 });
  address = { url: `http://127.0.0.1:${port}`, mcpUrl: server.url };
});

afterAll(async () => {
  await server.stop();
  site.remove();
  await client.close();
  await browser.close();
  await keycloak.stop();
});

async function newBrowser(): Promise<BrowserContext> {
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  return context;
}

async function enterPassword(page: Page, person: Person): Promise<void> {
  await page.waitForLoadState(); // before it, Keycloak's page still moves under the pointer
  await page.fill('#username', person);
  await page.fill('#password', keycloak.passwords[person]);
  await page.press('#password', 'Enter');
}

/** Waits for a text; where another page came instead, the failure tells which, and what server and Keycloak said. */
async function arrive(page: Page, text: string): Promise<void> {
  try {
    await page.waitForSelector(`text=${text}`);
  } catch (error) {
    const shown = await page.textContent('body').catch(String);
    const tail = server.said.stderr.split('\n').slice(-20).join('\n');
    const where = `${page.url()} shows:\n${shown}\nThe server:\n${tail}\nKeycloak:\n${keycloak.log()}`;
    throw new Error(`"${text}" did not come. ${where}`, { cause: error });
  }
}

interface Connected {
  readonly context: BrowserContext;
  readonly clientId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** Registration, sign-in with a password at Keycloak, consent, code, tokens. */
async function connect(person: Person): Promise<Connected> {
  const context = await newBrowser();
  const page = await context.newPage();
  const clientId = await register(address, {
    redirect_uris: [client.redirectUri],
    client_name: 'Report writer',
  });
  const attempt = authorizeRequest(address, clientId, { redirect_uri: client.redirectUri });
  await page.goto(attempt.url.href);
  await page.click('text=Sign in with Keycloak');
  expect(new URL(page.url()).origin).toBe(keycloak.url);
  await enterPassword(page, person);
  await arrive(page, 'Let Report writer connect?');
  expect(await page.textContent('main')).toContain(person);
  await page.click('button:has-text("Allow")');
  await page.waitForURL('**/done');
  const answer = new URL(`${client.redirectUri}?${(await client.answer()).toString()}`);
  expect(answer.searchParams.get('iss')).toBe(address.url);
  const { body } = await exchange(address, clientId, attempt, answer, { redirect_uri: client.redirectUri });
  const { access_token: accessToken, refresh_token: refreshToken } = body;
  if (accessToken === undefined || refreshToken === undefined) throw new Error(JSON.stringify(body));
  return { context, clientId, accessToken, refreshToken };
}

function ask(accessToken: string, tool: string, args: object = {}): Promise<Called> {
  return call(address.mcpUrl, bearer(accessToken), tool, args);
}

/** What the audit log has of a person: names of events and calls. */
function recordedOf(person: Person): string[] {
  return site
    .records()
    .filter((record) => record['username'] === person)
    .map((record) => `${String(record['operation_name'])} ${String(record['operation_status'])}`);
}

describe('people of a Keycloak realm', () => {
  it('are found by what the server publishes: refusal, resource metadata, authorization server', async () => {
    const refused = await fetch(address.mcpUrl, { method: 'POST', body: '{}' });
    expect(refused.status).toBe(401);
    const [, metadata = ''] =
      /resource_metadata="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '') ?? [];
    const resource = (await (await fetch(metadata)).json()) as Record<string, unknown>;
    expect(resource).toMatchObject({ resource: address.mcpUrl, authorization_servers: [address.url] });
    const found = await fetch(`${address.url}/.well-known/oauth-authorization-server`);
    expect(await found.json()).toMatchObject({
      issuer: address.url,
      authorization_endpoint: `${address.url}/oauth/authorize`,
      token_endpoint: `${address.url}/oauth/token`,
      registration_endpoint: `${address.url}/oauth/register`,
    });
  });

  it.each([
    ['priya', 'hr', { salary: 98_000, ssn: '960-36-9337' }],
    ['owen', 'analyst', { salary: '****' }],
  ] as const)('see what their groups allow: %s is %s', async (person, role, visible) => {
    const { accessToken } = await connect(person);
    expect((await ask(accessToken, 'whoami')).content).toMatchObject({
      username: person,
      email: `${person}@tremola.example`,
      role,
    });
    const { content } = await ask(accessToken, 'employee', { employee_id: 7 });
    expect(content).toMatchObject({ name: 'Sam Okafor', ...visible });
    expect('ssn' in content).toBe('ssn' in visible);
  });

  it('are not staff with an address that the realm has not verified', async () => {
    const { accessToken } = await connect('paula');
    expect((await ask(accessToken, 'whoami')).content).toMatchObject({ email: null, role: 'user' });
    const { text } = await ask(accessToken, 'employee', { employee_id: 7 });
    expect(text).toContain('CALL_UNKNOWN_ENDPOINT'); // it is not even listed
  });

  it('keep their connection by refreshing, and every step is on record', async () => {
    const { clientId, refreshToken } = await connect('priya');
    const { status, body } = await refresh(address, clientId, refreshToken);
    expect(status).toBe(200);
    expect(body.refresh_token).not.toBe(refreshToken);
    expect((await ask(body.access_token ?? '', 'employee', { employee_id: 7 })).status).toBe(200);
    const steps = ['sign-in', 'consent', 'employee'].map((step) => `${step} success`);
    expect(recordedOf('priya')).toEqual(expect.arrayContaining(steps));
    const ofClient = site.records().filter((record) => record['client_id'] === clientId);
    const names = ofClient.map((record) => record['operation_name']);
    const events = ['client-registration', 'consent', 'token-issue', 'token-refresh', 'employee'];
    expect(names).toEqual(expect.arrayContaining(events));
  });

  it('lend their own token to a tool that the operator lets have it, and Keycloak takes it', async () => {
    const { accessToken } = await connect('owen');
    const { text } = await ask(accessToken, 'token_of_the_realm');
    const [token = ''] = /eyJ[\w-]+\.[\w-]+\.[\w-]+/.exec(text) ?? [];
    const userinfo = `${keycloak.url}/realms/tremola/protocol/openid-connect/userinfo`;
    const answer = await fetch(userinfo, { headers: bearer(token) });
    expect(await answer.json()).toMatchObject({ preferred_username: 'owen' });
    expect(site.auditText()).not.toContain(token);
  });

  it('sign out here and at Keycloak, which then asks for the password again', async () => {
    const { context } = await connect('priya');
    const page = await context.newPage();
    await page.goto(`${address.url}/oauth`);
    expect(await admin.sessions('priya')).toBeGreaterThan(0);
    await page.click('button:has-text("Sign out") >> nth=0');
    await page.click('text=Sign out at Keycloak too');
    await page.waitForURL(`${address.url}/oauth`);
    await page.click('text=Sign in with Keycloak');
    await page.waitForSelector('#password');
    expect(recordedOf('priya')).toContain('sign-out success');
  });

  it('lose what they granted, when their session at Keycloak is ended, with the next refresh', async () => {
    const { clientId, accessToken, refreshToken } = await connect('owen');
    await admin.logout('owen');
    expect((await ask(accessToken, 'find_people')).status).toBe(200);
    // The provider is asked again at the first refresh that comes a minute after it was asked last.
    let current = refreshToken;
    const refused = async (): Promise<string | undefined> => {
      const { body } = await refresh(address, clientId, current);
      current = body.refresh_token ?? current;
      return body.error;
    };
    await expect.poll(refused, { interval: 5_000, timeout: 80_000 }).toBe('invalid_grant');
    await expect
      .poll(async () => (await ask(accessToken, 'find_people')).status, { timeout: 2_000 })
      .toBe(401);
    expect(recordedOf('owen')).toContain('upstream-refresh error');
  });

  it('leave no secret in the log of the server', () => {
    const { stdout, stderr } = server.said;
    for (const secret of [
      keycloak.clientSecret,
      'eyJ',
      'mxat_',
      'mxrt_',
      ...Object.values(keycloak.passwords),
    ]) {
      expect(stdout + stderr + site.auditText()).not.toContain(secret);
    }
  });
});
