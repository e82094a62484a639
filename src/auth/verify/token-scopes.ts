import type { Json, JsonObject } from '../../model/json.js';

/** RFC 6749, section 3.3: printable ASCII without blank, quote and backslash. Look-alikes of other scripts are no scopes. */
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/;

/** Scopes of one token that count; a token with more is somebody's mistake. */
const maxScopes = 200;

function words(claim: Json | undefined): readonly Json[] {
  if (typeof claim === 'string') return claim.split(' ');
  return Array.isArray(claim) ? (claim as readonly Json[]) : [];
}

/**
 * The scopes that a token's `scope` claim (RFC 9068; `scp` where there is no such claim) names, each once. Whatever is no
 * scope gives none: a claim of another type, names that are too long or have characters that scopes cannot have.
 */
export function tokenScopes(claims: JsonObject): readonly string[] {
  const named = words(claims['scope'] ?? claims['scp']);
  const valid = named.filter((item) => typeof item === 'string' && scopeToken.test(item)) as string[];
  return [...new Set(valid)].slice(0, maxScopes);
}
