import type { Json, JsonObject } from '../model/json.js';

/** Who a verified credential says is calling, and what the credential may do: input of the role resolver (spec page 06). */
export interface VerifiedIdentity {
  /** `key` for an API key, else `verified`. */
  readonly source: 'verified' | 'key';
  /** Operator's name of the provider or issuer; `api-key`, `mtls`. */
  readonly provider: string;
  /** The `iss` that vouches for the subject, where there is one. */
  readonly issuer: string | null;
  readonly subject: string;
  /** `<provider>|<subject>`: unique across everything configured. */
  readonly key: string;
  readonly userId: string;
  readonly username: string | null;
  /** Only an address that the provider calls verified. */
  readonly email: string | null;
  readonly name: string | null;
  readonly role?: string;
  /** As the claim came, where `role_claim` names a list. */
  readonly roles?: Json;
  /** As the claim came; the role resolver reads lists of any form. */
  readonly permissions?: Json;
  readonly groups?: Json;
  readonly capabilities?: Json;
  readonly claims: JsonObject;
  /** What the credential may do, before the roles bound it. `by-roles`: it names none, and may what the roles allow. */
  readonly scopes: readonly string[] | 'by-roles';
  readonly clientId: string | null;
  readonly sessionId?: string;
  readonly keyId?: string;
  /** Milliseconds since the Unix epoch; absent: it does not expire by itself. */
  readonly expiresAt?: number;
}
