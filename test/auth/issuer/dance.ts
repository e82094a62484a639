import { createHash, randomBytes } from 'node:crypto';
import { Browser, type FormChanges, type Seen } from './browser.js';

/** Where a server is. */
export interface Address {
  readonly url: string;
  readonly mcpUrl: string;
}

/** Where the tests' client gets its answers. */
export const redirectUri = 'http://127.0.0.1:4999/callback';

/** A token answer, successful or not. */
export interface TokenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly access_token?: string;
    readonly refresh_token?: string;
    readonly expires_in?: number;
    readonly scope?: string;
    readonly token_type?: string;
    readonly error?: string;
    readonly error_description?: string;
  };
}

/** Registers a public client; gives its id. */
export async function register(site: Address, metadata: object = {}): Promise<string> {
  const { body } = await registration(site, metadata);
  return String(body['client_id']);
}

/** Sends a registration. */
export async function registration(
  site: Address,
  metadata: object,
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const defaults = {
    client_name: 'Test client',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
  };
  const answer = await fetch(`${site.url}/oauth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...defaults, ...metadata }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** One authorization request of a client, with its verifier. */
export interface Attempt {
  readonly url: URL;
  readonly verifier: string;
}

/** An authorization request; `changes` replace or remove (undefined) parameters. */
export function authorizeRequest(
  site: Address,
  clientId: string,
  changes: Readonly<Record<string, string | undefined>> = {},
): Attempt {
  const verifier = randomBytes(32).toString('base64url');
  const parameters: Record<string, string | undefined> = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    state: 'state-of-the-client',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    resource: site.mcpUrl,
    ...changes,
  };
  const url = new URL(`${site.url}/oauth/authorize`);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return { url, verifier };
}

/** True for a URL that leaves to the client. */
export function atClient(url: URL): boolean {
  return url.href.startsWith(redirectUri) || url.protocol === 'app:' || url.hostname === 'client.example';
}

/** Goes as far as the consent page, signing in on the way. */
export async function toConsent(browser: Browser, { url }: Attempt): Promise<Seen> {
  const page = await browser.go(url, atClient);
  const link = /<a class="button main" href="([^"]*\/sign-in\/[^"]*)"/.exec(page.text)?.[1];
  return link === undefined ? page : browser.go(link, atClient);
}

/** Allows on the consent page; gives the answer that the client gets. */
export async function allow(browser: Browser, page: Seen, changes: FormChanges = {}): Promise<URL> {
  const sent = await browser.submit(page, 'decision', 'allow', changes);
  if (sent.location === undefined) throw new Error(`No redirect but ${sent.status}: ${sent.text}`);
  const last = await browser.go(sent.location, atClient);
  if (last.location === undefined) throw new Error(`No redirect but ${last.status}: ${last.text}`);
  return new URL(last.location);
}

/** A request at the token endpoint. */
export async function token(
  site: Address,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<TokenAnswer> {
  const answer = await fetch(`${site.url}/oauth/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(fields),
  });
  return {
    status: answer.status,
    headers: answer.headers,
    body: (await answer.json()) as TokenAnswer['body'],
  };
}

/** Exchanges the code of an answer. */
export function exchange(
  site: Address,
  clientId: string,
  { verifier }: Attempt,
  answer: URL,
  changes: Record<string, string> = {},
): Promise<TokenAnswer> {
  return token(site, {
    grant_type: 'authorization_code',
    client_id: clientId,
    code: answer.searchParams.get('code') ?? '',
    code_verifier: verifier,
    redirect_uri: redirectUri,
    resource: site.mcpUrl,
    ...changes,
  });
}

/** Refreshes. */
export function refresh(
  site: Address,
  clientId: string,
  refreshToken: string,
  changes: Record<string, string> = {},
): Promise<TokenAnswer> {
  return token(site, {
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: refreshToken,
    resource: site.mcpUrl,
    ...changes,
  });
}

/** Tokens, and who got them how. */
export interface Dance {
  readonly browser: Browser;
  readonly clientId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly scope: string | undefined;
}

/** The whole dance: registration, sign-in, consent, code, tokens. */
export async function dance(
  site: Address,
  {
    scope,
    browser = new Browser(),
    clientId,
    form = {},
  }: { scope?: string; browser?: Browser; clientId?: string; form?: FormChanges } = {},
): Promise<Dance> {
  const id = clientId ?? (await register(site));
  const attempt = authorizeRequest(site, id, { scope });
  const answer = await allow(browser, await toConsent(browser, attempt), form);
  const { body } = await exchange(site, id, attempt, answer);
  if (body.access_token === undefined || body.refresh_token === undefined)
    throw new Error(JSON.stringify(body));
  return {
    browser,
    clientId: id,
    accessToken: body.access_token,
    refreshToken: body.refresh_token,
    scope: body.scope,
  };
}
