import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ProviderSettings } from '../../../src/model/auth-settings.js';
import { loginPage } from './login-page.js';

/** A person who can sign in. `facts` is what only this kind of provider knows of people. */
export interface StandInUser {
  readonly id: string;
  username: string;
  password: string;
  name: string;
  email: string | null;
  emailVerified: boolean;
  facts: Record<string, unknown>;
}

/** What one sign-in has led to so far. */
export interface Grant {
  readonly user: StandInUser;
  readonly scopes: readonly string[];
  readonly nonce: string | null;
  readonly redirectUri: string;
  readonly codeChallenge: string | null;
  /** The authorization request. */
  readonly asked: URLSearchParams;
  code: string | null;
  accessToken: string | null;
  refreshToken: string | null;
  /** Milliseconds since the Unix epoch. */
  expiresAt: number;
  revoked: boolean;
}

/** One request as the stand-in saw it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What is sent back; `body` of another type than string is sent as JSON. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** What differs between providers. */
export interface Shape {
  readonly authorizePath: string;
  readonly tokenPath: string;
  /** Parameters of the token request, with the client's credentials where the provider reads them. */
  readonly readTokenRequest: (seen: Seen) => ReadonlyMap<string, string>;
  /** What is wrong with an authorization request beyond the OAuth rules. */
  readonly refuseAuthorize?: (query: URLSearchParams) => string | undefined;
  readonly tokenAnswer: (grant: Grant, kind: 'code' | 'refresh') => Promise<Answer> | Answer;
  readonly tokenError: (error: string, description: string) => Answer;
  /** `METHOD /path` → answer; `grant` is that of the bearer token, when it is valid. */
  readonly routes: Readonly<
    Record<string, (seen: Seen, grant: Grant | undefined) => Promise<Answer> | Answer>
  >;
  /** Members of the redirect back, beside `code` and `state`. */
  readonly redirectMembers?: () => Readonly<Record<string, string>>;
  readonly rotatesRefreshTokens: boolean;
  /** False for a sign-in that did not ask for a refresh token in the provider's way. */
  readonly givesRefreshToken?: (grant: Grant) => boolean;
}

/** Switches that tests turn while the stand-in runs. */
export interface Switches {
  /** Seconds of life of the next access tokens. */
  expiresIn: number;
  /** False: no refresh token is issued. */
  refreshTokens: boolean;
}

/** An identity provider on loopback with the documented shapes of a real one. */
export interface StandIn {
  readonly url: string;
  readonly settings: ProviderSettings;
  /** By username. */
  readonly users: Map<string, StandInUser>;
  /** Every code and token that was ever issued, for searches in what must not have them. */
  readonly issued: {
    readonly codes: string[];
    readonly accessTokens: string[];
    readonly refreshTokens: string[];
  };
  readonly seen: Seen[];
  readonly switches: Switches;
  /** Path → what is answered instead, for as long as it is there. */
  readonly faults: Map<string, (seen: Seen, response: ServerResponse) => void>;
  /** Ends every token of a person, as when access is revoked in the provider's settings. */
  revoke(username: string): void;
  count(path: string): number;
  close(): Promise<void>;
}

export const clientId = 'mxcp-client';
export const clientSecret = 'stand-in/client+secret%';

/** Settings of a provider of ours that are the same for all. */
export const commonSettings = {
  clientId,
  clientSecret,
  claimMappings: [],
  extraAuthorizeParams: {},
  allowedOrgs: [],
  allowedTeams: [],
  allowedDomains: [],
  callbackPath: '/oauth/callback/stand-in',
  exposeToken: true,
  origin: { file: 'mxcp-site.yml', line: 1, column: 1 },
};

const random = (): string => randomBytes(24).toString('base64url');

async function read(request: IncomingMessage): Promise<Seen> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://stand-in');
  const body = Buffer.concat(chunks).toString();
  return {
    method: request.method ?? '',
    path: pathname,
    query: searchParams,
    headers: request.headers,
    body,
  };
}

function send(response: ServerResponse, { status = 200, headers = {}, body }: Answer): void {
  const isText = typeof body === 'string';
  const type = isText ? 'text/html; charset=utf-8' : 'application/json';
  response.writeHead(status, { 'content-type': type, ...headers }).end(isText ? body : JSON.stringify(body));
}

const html = (status: number, body: string): Answer => ({ status, body });

/** Starts one; it must be closed. `make` gets the address, because documents and tokens name it. */
export async function startStandIn(
  people: readonly StandInUser[],
  make: (url: string, switches: Switches) => { readonly shape: Shape; readonly settings: ProviderSettings },
): Promise<StandIn> {
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      send(response, html(500, `stand-in failed: ${String(error)}`));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const switches: Switches = { expiresIn: 3600, refreshTokens: true };
  const { shape, settings } = make(url, switches);
  const users = new Map(people.map((user) => [user.username, user]));
  const issued = { codes: [] as string[], accessTokens: [] as string[], refreshTokens: [] as string[] };
  const seenAll: Seen[] = [];
  const faults: StandIn['faults'] = new Map();
  const grants: Grant[] = [];

  function back(redirectUri: string, members: Readonly<Record<string, string | null>>): Answer {
    const target = new URL(redirectUri);
    for (const [name, value] of Object.entries({ ...members, ...shape.redirectMembers?.() }))
      if (value !== null) target.searchParams.set(name, value);
    return { status: 302, headers: { location: target.href }, body: '' };
  }

  function authorize({ query }: Seen): Answer {
    if (query.get('client_id') !== clientId) return html(400, '<h1>Unknown client</h1>');
    if (!URL.canParse(query.get('redirect_uri') ?? '')) return html(400, '<h1>No redirect URI</h1>');
    const wrong = shape.refuseAuthorize?.(query);
    if (wrong !== undefined) return html(400, `<h1>${wrong}</h1>`);
    return html(200, loginPage(query));
  }

  function login({ body }: Seen): Answer {
    const form = new URLSearchParams(body);
    const redirectUri = form.get('redirect_uri') ?? '';
    if (form.get('action') === 'cancel')
      return back(redirectUri, { error: 'access_denied', state: form.get('state') });
    const user = users.get(form.get('username') ?? '');
    if (user === undefined || user.password !== form.get('password'))
      return html(401, loginPage(form, 'Wrong name or password'));
    const code = random();
    issued.codes.push(code);
    grants.push({
      user,
      scopes: (form.get('scope') ?? '').split(' ').filter((scope) => scope !== ''),
      nonce: form.get('nonce'),
      redirectUri,
      codeChallenge: form.get('code_challenge'),
      asked: form,
      code,
      accessToken: null,
      refreshToken: null,
      expiresAt: 0,
      revoked: false,
    });
    return back(redirectUri, { code, state: form.get('state') });
  }

  async function issue(grant: Grant, kind: 'code' | 'refresh'): Promise<Answer> {
    grant.accessToken = random();
    grant.expiresAt = Date.now() + switches.expiresIn * 1000;
    const gives = switches.refreshTokens && (shape.givesRefreshToken?.(grant) ?? true);
    if (!gives) grant.refreshToken = null;
    else if (grant.refreshToken === null || shape.rotatesRefreshTokens) {
      grant.refreshToken = random();
      issued.refreshTokens.push(grant.refreshToken);
    }
    const answer = await shape.tokenAnswer(grant, kind);
    issued.accessTokens.push(grant.accessToken);
    return answer;
  }

  function redeem(parameters: ReadonlyMap<string, string>): Promise<Answer> | Answer {
    const code = parameters.get('code');
    const grant = grants.find((each) => each.code === code);
    if (grant === undefined) return shape.tokenError('invalid_grant', 'The code is wrong or has been used');
    grant.code = null;
    if (grant.redirectUri !== parameters.get('redirect_uri'))
      return shape.tokenError('invalid_grant', 'The redirect URI is another one');
    const hash = createHash('sha256')
      .update(parameters.get('code_verifier') ?? '')
      .digest('base64url');
    if (grant.codeChallenge !== null && grant.codeChallenge !== hash)
      return shape.tokenError('invalid_grant', 'The code verifier does not fit');
    return issue(grant, 'code');
  }

  function token(seen: Seen): Promise<Answer> | Answer {
    const parameters = shape.readTokenRequest(seen);
    if (parameters.get('client_id') !== clientId || parameters.get('client_secret') !== clientSecret)
      return shape.tokenError('invalid_client', 'The client is unknown or its secret is wrong');
    const kind = parameters.get('grant_type');
    if (kind === 'authorization_code') return redeem(parameters);
    if (kind !== 'refresh_token') return shape.tokenError('unsupported_grant_type', 'No such grant type');
    const grant = grants.find((each) => each.refreshToken === parameters.get('refresh_token'));
    if (grant === undefined || grant.revoked)
      return shape.tokenError('invalid_grant', 'The refresh token is wrong or has ended');
    return issue(grant, 'refresh');
  }

  function grantOf({ headers }: Seen): Grant | undefined {
    const bearer = /^(?:bearer|token) (.+)$/i.exec(headers.authorization ?? '')?.[1];
    return grants.find((each) => each.accessToken === bearer && !each.revoked && each.expiresAt > Date.now());
  }

  function answer(seen: Seen): Promise<Answer> | Answer {
    const route = `${seen.method} ${seen.path}`;
    if (route === `GET ${shape.authorizePath}`) return authorize(seen);
    if (route === 'POST /stand-in/login') return login(seen);
    if (route === `POST ${shape.tokenPath}`) return token(seen);
    const found = shape.routes[route];
    return found ? found(seen, grantOf(seen)) : { status: 404, body: { message: 'Not Found' } };
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = await read(request);
    seenAll.push(seen);
    const fault = faults.get(seen.path);
    if (fault === undefined) send(response, await answer(seen));
    else fault(seen, response);
  }

  return {
    url,
    settings,
    users,
    issued,
    seen: seenAll,
    switches,
    faults,
    revoke: (username) => {
      for (const grant of grants) if (grant.user.username === username) grant.revoked = true;
    },
    count: (path) => seenAll.filter((seen) => seen.path === path).length,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
