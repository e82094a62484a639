import type { Json, JsonObject } from '../../model/json.js';

/** Claims that say in so many words what the token is, and what an access token to be borne has there. */
const words: readonly (readonly [string, readonly string[]])[] = [
  ['typ', ['bearer', 'at+jwt']], // Keycloak, in the payload
  ['token_use', ['access', 'access_token']], // Cognito, Hydra
  ['token_type', ['bearer', 'access_token']], // RFC 7662, 2.2; Salesforce
];

/** What ID tokens, logout tokens and security events have (OpenID Connect Core 1.0, 3.1.3.6 and 3.3.2.11; RFC 8417). */
const foreignClaims = ['nonce', 'at_hash', 'c_hash', 's_hash'];

function isOneOf(value: Json | undefined, allowed: readonly string[]): boolean {
  return typeof value === 'string' && allowed.includes(value.toLowerCase().replace(/^application\//, ''));
}

/**
 * Why a verified token is no access token that whoever bears it may use; undefined when nothing says so. `type`: `typ` of a
 * JWT's header. Issuers that say nothing are believed: RFC 9068's `at+jwt` is not sent by all, and RFC 7662 makes `token_type`
 * optional. A token that is bound to a key (`cnf`: RFC 7800, 8705, 9449) needs a proof that is not looked at here.
 */
export function wrongTokenKind(claims: JsonObject, type?: Json): string | undefined {
  if (type !== undefined && !isOneOf(type, ['jwt', 'at+jwt'])) return 'typ';
  const said = words.filter(([claim]) => claims[claim] !== undefined);
  const wrong = said.find(([claim, allowed]) => !isOneOf(claims[claim], allowed));
  if (wrong !== undefined) return wrong[0];
  for (const claim of ['cnf', 'events']) if (claims[claim] !== undefined) return claim;
  if (said.length > 0 || isOneOf(type, ['at+jwt'])) return undefined;
  return foreignClaims.find((claim) => claims[claim] !== undefined);
}
