import { CredentialInvalidError } from '../../errors.js';
import type { VerifierSettings } from '../../model/auth-settings.js';
import type { JsonObject } from '../../model/json.js';
import { mapClaims } from '../claims.js';
import type { VerifiedIdentity } from '../identity.js';
import { tokenScopes } from './token-scopes.js';

/** Longest subject that OpenID Connect allows. */
const maxSubject = 255;

function textOf(claims: JsonObject, ...names: readonly string[]): string | null {
  for (const name of names) {
    const value = claims[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return null;
}

/** Who the verified claims of a token say is calling. Throws `AUTH_CREDENTIAL_INVALID` when they do not say it. */
export function tokenIdentity(claims: JsonObject, settings: VerifierSettings): VerifiedIdentity {
  const subject = textOf(claims, 'sub');
  if (subject === null || subject.length > maxSubject) {
    throw new CredentialInvalidError('The token names no subject');
  }
  const expires = claims['exp'];
  return {
    source: 'verified',
    provider: settings.name,
    issuer: settings.issuer,
    subject,
    key: `${settings.name}|${subject}`,
    userId: subject,
    username: textOf(claims, 'preferred_username', 'username'),
    email: claims['email_verified'] === true ? textOf(claims, 'email') : null,
    name: textOf(claims, 'name'),
    ...mapClaims(claims, settings),
    claims,
    scopes: tokenScopes(claims),
    clientId: textOf(claims, 'client_id', 'azp', 'cid'),
    ...(typeof expires === 'number' && { expiresAt: expires * 1000 + settings.clockSkewMs }),
  };
}
