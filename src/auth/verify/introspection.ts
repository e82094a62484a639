import { AuthUnavailableError, CredentialInvalidError } from '../../errors.js';
import type { VerifierSettings } from '../../model/auth-settings.js';
import type { Json, JsonObject } from '../../model/json.js';
import type { Authenticator } from '../authenticator.js';
import { basicAuthorization } from '../basic-authorization.js';
import { toClaims } from '../claims.js';
import { accessTokenPrefix, refreshTokenPrefix } from '../issuer/token-prefixes.js';
import { looksLikeKey } from '../keys/key-text.js';
import { fetchJson } from './fetch-json.js';
import { isJwt } from './jwt.js';
import { tokenIdentity } from './token-identity.js';
import { wrongTokenKind } from './token-kind.js';

/** Questions to one issuer at a time: whoever sends made-up tokens must not flood it through this server. */
const maxQuestions = 100;

type Introspection = NonNullable<VerifierSettings['introspection']>;

function ask(settings: Introspection, token: string): Promise<unknown> {
  return fetchJson(settings.url, {
    method: 'POST',
    headers: { authorization: basicAuthorization(settings), accept: 'application/json' },
    body: new URLSearchParams({ token, token_type_hint: 'access_token' }),
  });
}

function audiences(claim: Json | undefined): readonly Json[] {
  return Array.isArray(claim) ? (claim as readonly Json[]) : [claim ?? null];
}

/** A credential of an mxcp server, also of one that is not taken here: it is shown to no issuer. */
function isOurOwn(value: string): boolean {
  return looksLikeKey(value) || value.startsWith(accessTokenPrefix) || value.startsWith(refreshTokenPrefix);
}

function refuse(what: string): never {
  throw new CredentialInvalidError(`The token is not valid (${what})`);
}

/** A time claim, seconds since the Unix epoch; undefined when it is absent. One that is no number is refused. */
function timeOf(claims: JsonObject, name: string): number | undefined {
  const time = claims[name];
  if (time === undefined) return undefined;
  return typeof time === 'number' ? time : refuse(name);
}

function check(claims: JsonObject, settings: VerifierSettings): void {
  const skew = settings.clockSkewMs / 1000;
  const now = Math.floor(Date.now() / 1000);
  if (claims['active'] !== true) refuse('inactive');
  const wrong = wrongTokenKind(claims);
  if (wrong !== undefined) refuse(wrong);
  if (claims['iss'] !== undefined && claims['iss'] !== settings.issuer) refuse('iss');
  if (!audiences(claims['aud']).some((name) => typeof name === 'string' && settings.audience.includes(name)))
    refuse('aud');
  if ((timeOf(claims, 'exp') ?? Infinity) <= now - skew) refuse('exp');
  if ((timeOf(claims, 'nbf') ?? 0) > now + skew) refuse('nbf');
}

/**
 * Asks the issuer about opaque tokens (RFC 7662). The answer must be active and meant for one of our audiences: one that
 * names no audience is refused. Responsible for every bearer token that is no JWT and none that an mxcp server issued, so it
 * comes last among the ways in. While a hundred questions wait for their answers, no further one is asked: `AUTH_UNAVAILABLE`.
 */
export function createIntrospector(settings: VerifierSettings, introspection: Introspection): Authenticator {
  let questions = 0;

  async function askBounded(token: string): Promise<unknown> {
    if (questions >= maxQuestions)
      throw new AuthUnavailableError('Too many tokens wait for what their issuer says');
    questions += 1;
    try {
      return await ask(introspection, token);
    } finally {
      questions -= 1;
    }
  }

  return {
    maxAgeMs: Math.min(introspection.cacheMs, 1_000),
    recognises: (presented) => presented.kind === 'bearer' && !isJwt(presented) && !isOurOwn(presented.value),
    verify: async ({ value }) => {
      const answer = await askBounded(value);
      if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) refuse('inactive');
      const claims = toClaims(answer);
      check(claims, settings);
      return tokenIdentity(claims, settings);
    },
  };
}
