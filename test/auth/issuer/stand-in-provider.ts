import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AuthUnavailableError, SignInFailedError, UpstreamRefusedError } from '../../../src/errors.js';
import type { Profile, Provider, SignIn } from '../../../src/auth/providers/provider.js';

/** An identity provider over HTTP whose authorize page signs the current person in at once, without asking. */
export interface StandIn {
  readonly provider: Provider;
  /** Who signs in next; undefined: the person declines. */
  person: string | undefined;
  /** People who may not (any more). */
  readonly refused: Set<string>;
  /** True: every request fails, as when the provider is down. */
  down: boolean;
  /** What the provider gives when somebody has signed in. */
  readonly signIn: (person: string) => Promise<SignIn>;
  /** Refresh tokens that the provider has issued. */
  readonly issued: string[];
  /** Tokens that the provider was asked to take back. */
  readonly takenBack: string[];
  /** Where people sign out at it; absent: it has no such page. */
  logoutPage?: string | undefined;
  /** Lifetime of upstream access tokens from now on. */
  lifetimeMs: number | undefined;
  /** Refreshes that the provider has answered. */
  refreshes: number;
  readonly close: () => Promise<void>;
}

interface Issued {
  readonly person: string;
  readonly nonce: string;
  readonly challenge: string;
  readonly redirectUri: string;
}

function profileOf(person: string): Profile {
  return {
    subject: `id-of-${person}`,
    userId: `id-of-${person}`,
    username: person,
    email: `${person}@example.com`,
    name: null,
    groups: [`${person}s`],
    claims: { sub: `id-of-${person}` },
  };
}

/** Starts the stand-in on loopback. */
export async function startStandIn(name = 'acme', exposeToken = false): Promise<StandIn> {
  const codes = new Map<string, Issued>();
  const refreshTokens = new Map<string, string>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const back = new URL(url.searchParams.get('redirect_uri') ?? 'http://localhost');
    back.searchParams.set('state', url.searchParams.get('state') ?? '');
    const { person } = standIn;
    if (person === undefined) back.searchParams.set('error', 'access_denied');
    else {
      const code = randomUUID();
      const nonce = url.searchParams.get('nonce') ?? '';
      const challenge = url.searchParams.get('code_challenge') ?? '';
      codes.set(code, { person, nonce, challenge, redirectUri: url.searchParams.get('redirect_uri') ?? '' });
      back.searchParams.set('code', code);
    }
    response.writeHead(302, { location: back.href }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function signIn(person: string): SignIn {
    if (standIn.refused.has(person)) throw new UpstreamRefusedError('not a member');
    const refreshToken = `upstream-refresh-${randomUUID()}`;
    refreshTokens.set(refreshToken, person);
    standIn.issued.push(refreshToken);
    const { lifetimeMs } = standIn;
    return {
      profile: profileOf(person),
      tokens: {
        subject: `id-of-${person}`,
        scopes: [],
        accessToken: `upstream-access-${randomUUID()}`,
        refreshToken,
        ...(lifetimeMs !== undefined && { expiresAt: Date.now() + lifetimeMs }),
      },
    };
  }

  const provider: Provider = {
    name,
    type: 'oidc',
    exposeToken,
    logoutUrl: () => Promise.resolve(standIn.logoutPage),
    revoke: ({ accessToken, refreshToken = accessToken }) => {
      if (standIn.down) return Promise.reject(new AuthUnavailableError('down'));
      standIn.takenBack.push(refreshToken);
      return Promise.resolve(true);
    },
    authorizeUrl: ({ state, nonce, codeChallenge, redirectUri }) => {
      if (standIn.down) return Promise.reject(new AuthUnavailableError('down'));
      const asked = { state, nonce, code_challenge: codeChallenge, redirect_uri: redirectUri };
      return Promise.resolve(`${origin}/authorize?${new URLSearchParams(asked).toString()}`);
    },
    finish: async ({ code, codeVerifier, nonce, redirectUri }) => {
      if (standIn.down) throw new AuthUnavailableError('down');
      const issued = codes.get(code);
      codes.delete(code);
      const challenge = createHash('sha256').update(codeVerifier).digest('base64url');
      if (issued?.challenge !== challenge || issued.nonce !== nonce || issued.redirectUri !== redirectUri) {
        throw new SignInFailedError('the code is not of this sign-in');
      }
      return Promise.resolve(signIn(issued.person));
    },
    refresh: async ({ refreshToken = '' }) => {
      if (standIn.down) throw new AuthUnavailableError('down');
      const person = refreshTokens.get(refreshToken);
      if (person === undefined) throw new UpstreamRefusedError('the refresh token was used');
      refreshTokens.delete(refreshToken);
      standIn.refreshes += 1;
      return Promise.resolve(signIn(person));
    },
  };

  const standIn: StandIn = {
    provider,
    person: 'ada',
    refused: new Set(),
    down: false,
    lifetimeMs: undefined,
    signIn: (who) => Promise.resolve(signIn(who)),
    issued: [],
    takenBack: [],
    refreshes: 0,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return standIn;
}
