import { errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose';
import { SignInFailedError } from '../../errors.js';
import type { JsonObject } from '../../model/json.js';
import { toClaims } from '../claims.js';
import { createKeySet } from '../verify/key-set.js';

/** Asymmetric ones only: with the others, the public key or the client secret could sign (RFC 8725, section 3.1). */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

const clockTolerance = 60;
/** A code is redeemed within a minute or so: an ID token that is older was made for another sign-in. Seconds. */
const maxTokenAge = 600;
const keysMaxAgeMs = 3_600_000;

/** Verifies what one issuer signs for one client. */
export interface SignedTokens {
  /**
   * Claims of an ID token (OpenID Connect Core, section 3.1.3.7): signature, `iss`, `aud`, `azp`, `exp`, `iat`, and `nonce`,
   * which must be the given one, or absent where `mayLackNonce`.
   */
  idToken(token: string, nonce: string | undefined, mayLackNonce: boolean): Promise<JsonObject>;
  /** Claims of an access token that is a JWT issued to this client. */
  accessToken(token: string): Promise<JsonObject>;
}

function invalid(why: string, cause?: unknown): SignInFailedError {
  return new SignInFailedError(`The identity provider's token is not valid (${why}). Sign in again`, {
    cause,
  });
}

async function verify(token: string, keys: JWTVerifyGetKey, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keys, { algorithms, clockTolerance, ...options })).payload;
  } catch (error) {
    if (error instanceof errors.JWTClaimValidationFailed) throw invalid(`claim ${error.claim}`, error);
    if (error instanceof errors.JOSEError) throw invalid(error.code, error);
    throw error;
  }
}

/** An ID token for several audiences must say that it was issued to us. */
function checkAuthorizedParty({ aud, azp }: JWTPayload, clientId: string): void {
  const isForSeveral = Array.isArray(aud) && aud.length > 1;
  if (azp === undefined ? isForSeveral : azp !== clientId) throw invalid('claim azp');
}

function isIssuedTo(clientId: string, { azp, client_id: client, aud }: JWTPayload): boolean {
  const party = azp ?? client;
  return party === undefined ? [aud].flat().includes(clientId) : party === clientId;
}

/** The tokens of the issuer whose keys are at `jwksUri`. They reject with `AUTH_SIGN_IN_FAILED` and `AUTH_UNAVAILABLE`. */
export function createSignedTokens(
  issuers: readonly [string, ...string[]],
  jwksUri: string,
  clientId: string,
): SignedTokens {
  const keys = createKeySet({ issuer: issuers[0], jwksUri, maxAgeMs: keysMaxAgeMs });
  const issuer = [...issuers];
  return {
    idToken: async (token, nonce, mayLackNonce) => {
      const options = { issuer, audience: clientId, maxTokenAge, requiredClaims: ['exp', 'iat', 'sub'] };
      const payload = await verify(token, keys, options);
      checkAuthorizedParty(payload, clientId);
      const { nonce: named } = payload;
      const isRight = named === undefined ? mayLackNonce : named === nonce;
      if (!isRight) throw invalid('claim nonce');
      return toClaims(payload);
    },
    accessToken: async (token) => {
      const payload = await verify(token, keys, { issuer, requiredClaims: ['exp', 'sub'] });
      if (!isIssuedTo(clientId, payload)) throw invalid('claim azp');
      return toClaims(payload);
    },
  };
}
