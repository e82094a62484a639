import { AuthUnavailableError, SignInFailedError, UpstreamRefusedError } from '../../errors.js';
import type { ProviderSettings } from '../../model/auth-settings.js';
import type { JsonObject } from '../../model/json.js';
import { basicAuthorization } from '../basic-authorization.js';
import { askUpstream, unavailable } from './ask-upstream.js';
import { objectIn, textIn } from './read-json.js';

/** How a provider wants its token requests. */
export interface TokenEndpoint {
  readonly url: string;
  readonly format: 'form' | 'json';
  /** RFC 6749, section 2.3.1: credentials in the Authorization header or in the body. */
  readonly credentials: 'header' | 'body';
}

/** What a token endpoint answered. */
export interface TokenAnswer {
  readonly accessToken: string;
  readonly refreshToken?: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt?: number;
  /** Undefined: it did not say, so they are those that were asked for. */
  readonly scopes?: readonly string[];
  readonly idToken?: string;
  /** The whole answer, for what only one provider has. */
  readonly members: JsonObject;
}

/** Who this server is at a provider. */
export type Client = Pick<ProviderSettings, 'name' | 'clientId' | 'clientSecret'>;

/** RFC 6749 and the providers' own words for a code or refresh token that is not valid. */
const refusedGrant = new Set([
  'invalid_grant',
  'bad_verification_code',
  'bad_refresh_token',
  'access_denied',
]);
const refusedPerson = new Set(['inactive_user', 'inactive_org', 'user_not_found']);
const overloaded = new Set(['temporarily_unavailable', 'server_error', 'rate_limit_exceeded', 'slow_down']);

function refusal(error: string, client: Client, isRefresh: boolean): Error {
  const { name } = client;
  if (refusedPerson.has(error)) return new UpstreamRefusedError(`The account at ${name} is not active`);
  if (isRefresh && (refusedGrant.has(error) || error === 'unauthorized_client'))
    return new UpstreamRefusedError(`The sign-in at ${name} has ended: sign in again`);
  if (refusedGrant.has(error))
    return new SignInFailedError(`${name} does not take the code: it is used up or too old. Sign in again`);
  if (overloaded.has(error)) return new AuthUnavailableError(`${name} cannot issue tokens now`);
  return new AuthUnavailableError(
    `${name} refuses the token request: check client_id, client_secret and the callback URL registered there`,
  );
}

/** A request with the client's credentials, as the endpoint wants them. */
export function toRequest(
  endpoint: TokenEndpoint,
  client: Client,
  parameters: Record<string, string>,
): RequestInit {
  const { clientId, clientSecret } = client;
  const inHeader = endpoint.credentials === 'header';
  const all = inHeader ? parameters : { ...parameters, client_id: clientId, client_secret: clientSecret };
  const isJson = endpoint.format === 'json';
  return {
    method: 'POST',
    headers: {
      accept: 'application/json',
      'content-type': isJson ? 'application/json' : 'application/x-www-form-urlencoded',
      ...(inHeader && { authorization: basicAuthorization(client) }),
    },
    body: isJson ? JSON.stringify(all) : new URLSearchParams(all).toString(),
  };
}

/** Seconds of life; some providers send them as text. */
function expiryOf(members: JsonObject): number | undefined {
  const seconds = Number(members['expires_in'] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? Date.now() + seconds * 1000 : undefined;
}

function readAnswer(members: JsonObject): TokenAnswer | undefined {
  const accessToken = textIn(members, 'access_token');
  if (accessToken === undefined) return undefined;
  const type = textIn(members, 'token_type') ?? 'bearer';
  if (type.toLowerCase() !== 'bearer') return undefined;
  const refreshToken = textIn(members, 'refresh_token');
  const expiresAt = expiryOf(members);
  const scope = members['scope'];
  const idToken = textIn(members, 'id_token');
  return {
    accessToken,
    ...(refreshToken !== undefined && { refreshToken }),
    ...(expiresAt !== undefined && { expiresAt }),
    // GitHub separates them by commas.
    ...(typeof scope === 'string' && { scopes: scope.split(/[\s,]+/).filter((each) => each !== '') }),
    ...(idToken !== undefined && { idToken }),
    members,
  };
}

/**
 * One request to a token endpoint (RFC 6749, sections 4.1.3 and 6). An `error` counts with any status: GitHub sends them with
 * 200. Rejects as `Provider` says; a refused refresh token is `AUTH_UPSTREAM_REFUSED`, a refused code `AUTH_SIGN_IN_FAILED`.
 */
export async function requestTokens(
  endpoint: TokenEndpoint,
  client: Client,
  parameters: Record<string, string>,
): Promise<TokenAnswer> {
  const { status, body } = await askUpstream(endpoint.url, toRequest(endpoint, client, parameters));
  const members = objectIn(body);
  const error = members && textIn(members, 'error');
  if (error !== undefined) throw refusal(error, client, parameters['grant_type'] === 'refresh_token');
  const answer = status === 200 && members ? readAnswer(members) : undefined;
  if (answer === undefined) throw unavailable(endpoint.url, `It answered ${status} without a token`);
  return answer;
}
