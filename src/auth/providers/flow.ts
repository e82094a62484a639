import { SignInFailedError, UpstreamRefusedError } from '../../errors.js';
import type { ProviderSettings } from '../../model/auth-settings.js';
import type { JsonObject } from '../../model/json.js';
import type { Profile, Provider, SignIn, UpstreamTokens } from './provider.js';
import { revokeToken, type RevocationEndpoint } from './revoke-token.js';
import { requestTokens, type TokenAnswer, type TokenEndpoint } from './token-request.js';

/** Where a provider is, and what its redirects back say of it. */
export interface Endpoints {
  readonly authorize: string;
  readonly token: TokenEndpoint;
  /** Scopes to ask for, separated by spaces. */
  readonly scope: string;
  /** RFC 9207: what `iss` on the redirect must be. */
  readonly issuer?: string;
  readonly issuerIsSent?: boolean;
  readonly logout?: string;
  /** RFC 7009. */
  readonly revoke?: RevocationEndpoint;
}

/** How tokens are looked into: what came new, and at a refresh what was there before. */
export interface Look {
  /** At a sign-in; the ID token must have it. */
  readonly nonce?: string;
  readonly answer: TokenAnswer | undefined;
  readonly accessToken: string;
  readonly previous?: UpstreamTokens;
}

/** What a look at the person gave; the rest are members of `UpstreamTokens` that only this provider has. */
export interface Person {
  readonly profile: Profile;
  readonly verifiedClaims?: JsonObject;
  readonly identityUrl?: string;
  readonly expiresAt?: number;
}

/** What differs between providers. */
export interface ProviderKind {
  endpoints(): Promise<Endpoints>;
  readonly authorizeParameters?: Readonly<Record<string, string>>;
  /** For a provider that takes tokens back in its own way. */
  revoke?(accessToken: string): Promise<void>;
  /** Who it is, with the operator's lists checked. Rejects as `Provider` says. */
  look(look: Look): Promise<Person>;
}

function checkIssuer({ issuer, issuerIsSent = false }: Endpoints, iss: string | undefined): void {
  const isRight = iss === undefined ? !issuerIsSent : issuer === undefined || iss === issuer;
  if (!isRight) throw new SignInFailedError('The answer comes from another identity provider. Sign in again');
}

function toTokens(person: Person, look: Look): UpstreamTokens {
  const { answer, previous, accessToken } = look;
  const { profile, verifiedClaims, identityUrl } = person;
  const refreshToken = answer?.refreshToken ?? previous?.refreshToken;
  const expiresAt = answer ? (answer.expiresAt ?? person.expiresAt) : previous?.expiresAt;
  const idToken = answer?.idToken ?? previous?.idToken;
  return {
    subject: profile.subject,
    accessToken,
    scopes: answer?.scopes ?? previous?.scopes ?? [],
    ...(refreshToken !== undefined && { refreshToken }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(idToken !== undefined && { idToken }),
    ...(verifiedClaims !== undefined && { verifiedClaims }),
    ...(identityUrl !== undefined && { identityUrl }),
  };
}

/** The authorization code flow (OAuth 2.1, PKCE S256) with what this kind of provider adds. */
export function createFlow(settings: ProviderSettings, kind: ProviderKind): Provider {
  const { name, type, exposeToken, clientId } = settings;

  async function lookAt(look: Look): Promise<SignIn> {
    const person = await kind.look(look);
    const { previous } = look;
    if (previous !== undefined && previous.subject !== person.profile.subject)
      throw new UpstreamRefusedError(`${name} answers with another person's account: sign in again`);
    return { profile: person.profile, tokens: toTokens(person, look) };
  }

  async function renew(tokens: UpstreamTokens): Promise<TokenAnswer | undefined> {
    const { refreshToken, expiresAt = Infinity } = tokens;
    if (refreshToken === undefined) {
      if (expiresAt > Date.now()) return undefined;
      throw new UpstreamRefusedError(`The sign-in at ${name} has expired: sign in again`);
    }
    const { token } = await kind.endpoints();
    return requestTokens(token, settings, { grant_type: 'refresh_token', refresh_token: refreshToken });
  }

  return {
    name,
    type,
    exposeToken,
    authorizeUrl: async ({ state, nonce, codeChallenge, redirectUri }) => {
      const { authorize, scope } = await kind.endpoints();
      const url = new URL(authorize);
      const parameters = {
        ...kind.authorizeParameters,
        ...settings.extraAuthorizeParams,
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirectUri,
        scope,
        state,
        nonce,
        code_challenge: codeChallenge,
        code_challenge_method: 'S256',
      };
      for (const [key, value] of Object.entries(parameters)) url.searchParams.set(key, value);
      return url.href;
    },
    finish: async ({ code, codeVerifier, nonce, redirectUri, iss }) => {
      const endpoints = await kind.endpoints();
      checkIssuer(endpoints, iss);
      const parameters = { code, code_verifier: codeVerifier, redirect_uri: redirectUri };
      const request = { grant_type: 'authorization_code', ...parameters };
      const answer = await requestTokens(endpoints.token, settings, request);
      return lookAt({ nonce, answer, accessToken: answer.accessToken });
    },
    refresh: async (tokens) => {
      const answer = await renew(tokens);
      return lookAt({ answer, accessToken: answer?.accessToken ?? tokens.accessToken, previous: tokens });
    },
    revoke: async ({ accessToken, refreshToken }) => {
      if (kind.revoke !== undefined) {
        await kind.revoke(accessToken);
        return true;
      }
      const { revoke } = await kind.endpoints();
      if (revoke !== undefined) await revokeToken(revoke, settings, refreshToken ?? accessToken);
      return revoke !== undefined;
    },
    logoutUrl: async (tokens, returnTo) => {
      const { logout } = await kind.endpoints();
      if (logout === undefined) return undefined;
      const url = new URL(logout);
      url.searchParams.set('client_id', clientId);
      url.searchParams.set('post_logout_redirect_uri', returnTo);
      if (tokens?.idToken !== undefined) url.searchParams.set('id_token_hint', tokens.idToken);
      return url.href;
    },
  };
}
