import { errors, jwtVerify } from 'jose';
import { CredentialInvalidError } from '../../errors.js';
import type { VerifierSettings } from '../../model/auth-settings.js';
import type { Authenticator, Presented } from '../authenticator.js';
import { toClaims } from '../claims.js';
import { createKeySet } from './key-set.js';
import { tokenIdentity } from './token-identity.js';
import { wrongTokenKind } from './token-kind.js';

const compactJws = /^[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*$/;

/** How long a verified JWT may be taken from memory, milliseconds (spec page 06, "Ways in"). */
const maxAgeMs = 60_000;

/** `iss` of what looks like a JWT, not verified; undefined for everything else. */
function claimedIssuer({ kind, value }: Presented): string | undefined {
  const payload = kind === 'bearer' ? compactJws.exec(value)?.[1] : undefined;
  if (payload === undefined) return undefined;
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as unknown;
    const issuer = typeof claims === 'object' && claims !== null && 'iss' in claims ? claims.iss : undefined;
    return typeof issuer === 'string' ? issuer : undefined;
  } catch {
    return undefined;
  }
}

/** True for a bearer token in the form of a JWT (JWS compact serialization), whatever it says. */
export function isJwt({ kind, value }: Presented): boolean {
  return kind === 'bearer' && compactJws.test(value);
}

/** Only what jose found wrong with the token: its kind or the name of the claim, never a value. */
function invalid(cause: unknown): unknown {
  if (!(cause instanceof errors.JOSEError)) return cause;
  const isClaim = cause instanceof errors.JWTClaimValidationFailed || cause instanceof errors.JWTExpired;
  return new CredentialInvalidError(
    `The token is not valid (${isClaim ? `claim ${cause.claim}` : cause.code})`,
    { cause },
  );
}

/**
 * Verifies JWTs of one issuer: signature by its published keys, the listed asymmetric algorithms only, `iss`, `aud`, `exp`
 * (required) and `nbf` with the settings' skew (RFC 7519, RFC 8725), and that it is an access token. Responsible for every JWT that names this issuer.
 */
export function createJwtVerifier(settings: VerifierSettings, now?: () => number): Authenticator {
  const { issuer, audience, algorithms, clockSkewMs, jwksUri, jwksCacheTtlMs } = settings;
  const keySet = createKeySet({ issuer, jwksUri, maxAgeMs: jwksCacheTtlMs, ...(now && { now }) });
  const options = {
    issuer,
    audience: [...audience],
    algorithms: [...algorithms],
    clockTolerance: clockSkewMs / 1000,
    requiredClaims: ['exp', 'sub'],
  };
  return {
    maxAgeMs,
    recognises: (presented) => claimedIssuer(presented) === issuer,
    verify: async ({ value }) => {
      try {
        const { payload, protectedHeader } = await jwtVerify(value, keySet, options);
        const claims = toClaims(payload);
        const wrong = wrongTokenKind(claims, protectedHeader.typ);
        if (wrong === undefined) return tokenIdentity(claims, settings);
        throw new CredentialInvalidError(`The token is no access token (${wrong})`);
      } catch (error) {
        throw invalid(error);
      }
    },
  };
}
