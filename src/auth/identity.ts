import type { Profile } from './providers/provider.js';

/** Who a verified credential says is calling, and what the credential may do: input of the role resolver (spec page 06). */
export interface VerifiedIdentity extends Profile {
  /** `key` for an API key, else `verified`. */
  readonly source: 'verified' | 'key';
  /** Operator's name of the provider or issuer; `api-key`, `mtls`. */
  readonly provider: string;
  /** The `iss` that vouches for the subject, where there is one. */
  readonly issuer: string | null;
  /** `<provider>|<subject>`: unique across everything configured. */
  readonly key: string;
  /** What the credential may do, before the roles bound it. `by-roles`: it names none, and may what the roles allow. */
  readonly scopes: readonly string[] | 'by-roles';
  readonly clientId: string | null;
  readonly sessionId?: string;
  readonly keyId?: string;
  /** Milliseconds since the Unix epoch; absent: it does not expire by itself. */
  readonly expiresAt?: number;
}
