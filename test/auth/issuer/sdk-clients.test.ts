import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
  UnauthorizedError as ModernUnauthorized,
} from '@modelcontextprotocol/client';
import {
  UnauthorizedError as LegacyUnauthorized,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
} from '@modelcontextprotocol/sdk/client/auth.js';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type {
  OAuthClientInformationMixed,
  OAuthClientMetadata,
  OAuthTokens,
} from '@modelcontextprotocol/sdk/shared/auth.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PeopleSite, servePeople } from '../../acceptance/people-site.js';
import { signIn } from '../stand-ins/sign-in.js';
import { Browser } from './browser.js';
import { allow, atClient, redirectUri } from './dance.js';

let site: PeopleSite;
beforeAll(async () => {
  site = await servePeople();
});
afterAll(() => site.close());

/** What an application keeps for the SDK, and the browser that it opens. */
class Application implements OAuthClientProvider {
  readonly #browser = new Browser();
  readonly #username: string;
  readonly redirectUrl = redirectUri;
  readonly clientMetadata: OAuthClientMetadata;
  kept: OAuthTokens | undefined;
  answer = new URLSearchParams();
  /** Scopes of the authorization requests so far. */
  readonly asked: (string | null)[] = [];
  #client: OAuthClientInformationMixed | undefined;
  #verifier = '';

  constructor(username: string, scope?: string) {
    this.#username = username;
    this.clientMetadata = {
      client_name: 'An application on the SDK',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
      ...(scope !== undefined && { scope }),
    };
  }
  clientInformation() {
    return this.#client;
  }
  saveClientInformation(client: OAuthClientInformationMixed) {
    this.#client = client;
  }
  tokens() {
    return this.kept;
  }
  saveTokens(tokens: OAuthTokens) {
    this.kept = tokens;
  }
  saveCodeVerifier(verifier: string) {
    this.#verifier = verifier;
  }
  codeVerifier() {
    return this.#verifier;
  }
  state() {
    return 'state-of-the-application';
  }
  /** The SDK's store of where it signs in, so that an answer of another server is told apart. */
  #discovery: OAuthDiscoveryState | undefined;
  saveDiscoveryState(state: OAuthDiscoveryState) {
    this.#discovery = state;
  }
  discoveryState() {
    return this.#discovery;
  }
  invalidateCredentials(which: string) {
    if (which === 'tokens' || which === 'all') this.kept = undefined;
  }
  async redirectToAuthorization(url: URL) {
    this.asked.push(url.searchParams.get('scope'));
    const away = (next: URL): boolean => atClient(next) || next.origin === site.standIn.url;
    let page = await this.#browser.go(url, away);
    const link = /<a class="button main" href="([^"]*\/sign-in\/[^"]*)"/.exec(page.text)?.[1];
    if (link !== undefined) {
      const { location } = await this.#browser.go(link, away);
      page = await this.#browser.go(await signIn(site.standIn, location ?? '', this.#username), away);
    }
    this.answer = (await allow(this.#browser, page)).searchParams;
  }
}

interface Connection {
  readonly call: (name: string) => Promise<unknown>;
  readonly list: () => Promise<string[]>;
  readonly close: () => Promise<void>;
}

/** Signs in as often as the SDK says so: anew after a revocation, and then for more scopes. */
async function persistently(
  work: () => Promise<unknown>,
  finish: (error: unknown) => Promise<void>,
): Promise<unknown> {
  for (let times = 0; times < 2; times += 1) {
    try {
      return await work();
    } catch (error) {
      await finish(error);
    }
  }
  return work();
}

async function modern(application: Application): Promise<Connection> {
  const options = { versionNegotiation: { mode: { pin: '2026-07-28' } } } as const;
  const open = () => ({
    client: new ModernClient({ name: 'sdk-v2', version: '2' }, options),
    transport: new ModernTransport(new URL(site.mcpUrl), { authProvider: application }),
  });
  let { client, transport } = open();
  const finish = async (error: unknown) => {
    if (!(error instanceof ModernUnauthorized)) throw error;
    await transport.finishAuth(application.answer);
  };
  await client.connect(transport).catch(async (error: unknown) => {
    await finish(error);
    ({ client, transport } = open());
    await client.connect(transport);
  });
  const call = (name: string) => client.callTool({ name, arguments: {} });
  return {
    call: (name) => persistently(() => call(name), finish),
    list: async () => (await client.listTools()).tools.map(({ name }) => name),
    close: () => client.close(),
  };
}

async function legacy(application: Application): Promise<Connection> {
  const open = () => ({
    client: new LegacyClient({ name: 'sdk-v1', version: '1' }),
    transport: new LegacyTransport(new URL(site.mcpUrl), { authProvider: application }),
  });
  let { client, transport } = open();
  const finish = async (error: unknown) => {
    if (!(error instanceof LegacyUnauthorized)) throw error;
    await transport.finishAuth(application.answer.get('code') ?? '');
  };
  await client.connect(transport).catch(async (error: unknown) => {
    await finish(error);
    ({ client, transport } = open());
    await client.connect(transport);
  });
  const call = (name: string) => client.callTool({ name, arguments: {} });
  return {
    call: (name) => persistently(() => call(name), finish),
    list: async () => (await client.listTools()).tools.map(({ name }) => name),
    close: () => client.close(),
  };
}

async function revoke(application: Application): Promise<void> {
  const token = application.kept?.access_token ?? '';
  const clientId = application.clientInformation()?.client_id ?? '';
  const body = new URLSearchParams({ token, client_id: clientId });
  expect((await fetch(`${site.url}/oauth/revoke`, { method: 'POST', body })).status).toBe(200);
}

const done = { content: [{ type: 'text', text: '[{"done":"search_web"}]' }] };

/** Until what has been verified is forgotten: results are kept for a second. */
const aSecond = () => new Promise((resolve) => setTimeout(resolve, 1_050));

describe('the v2 SDK at 2026-07-28', () => {
  it('does the whole dance unaided: 401, metadata, registration, browser, code, call, step-up, refresh, revocation', async () => {
    const application = new Application('dana');
    const connection = await modern(application);
    expect(application.kept).toMatchObject({ token_type: 'Bearer', scope: 'mcp' });
    expect(await connection.list()).toEqual([]);
    const narrow = application.kept?.access_token ?? '';

    expect(await connection.call('search_web')).toMatchObject(done);
    expect(application.asked).toHaveLength(2);
    expect(application.asked[1]?.split(' ')).toContain('tag:web');
    expect(application.kept?.scope).toBe('mcp tag:web');
    const again = await modern(application);
    expect(await again.list()).toEqual(['search_web']);
    await again.close();

    // The consent has retired the narrow token: with it, the client refreshes.
    await aSecond();
    if (application.kept) application.kept = { ...application.kept, access_token: narrow };
    expect(await connection.call('search_web')).toMatchObject(done);
    expect(application.kept?.access_token).not.toBe(narrow);
    expect(application.asked).toHaveLength(2);

    await revoke(application);
    await aSecond();
    expect(await connection.call('search_web')).toMatchObject(done);
    expect(application.asked).toHaveLength(4);
    await connection.close();
  });
});

describe('the v1 SDK at 2025-11-25', () => {
  // It refreshes where it should ask for more, so it has to ask for its scopes at once.
  it('does the whole dance unaided: 401, metadata, registration, browser, code, call, refresh, revocation', async () => {
    const application = new Application('dana', 'tag:web');
    const connection = await legacy(application);
    expect(application.kept).toMatchObject({ token_type: 'Bearer', scope: 'mcp tag:web' });
    expect(await connection.list()).toEqual(['search_web']);
    expect(await connection.call('search_web')).toMatchObject(done);

    const { access_token: first = '' } = application.kept ?? {};
    if (application.kept) application.kept = { ...application.kept, access_token: 'mxat_lost' };
    expect(await connection.call('search_web')).toMatchObject(done);
    expect(['mxat_lost', first]).not.toContain(application.kept?.access_token);
    expect(application.asked).toEqual(['tag:web']);

    await revoke(application);
    await aSecond();
    expect(await connection.call('search_web')).toMatchObject(done);
    expect(application.asked).toHaveLength(2);
    await connection.close();
  });
});
