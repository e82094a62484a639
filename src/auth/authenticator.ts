import type { VerifiedIdentity } from './identity.js';

/** What a request presents to say who it is from. `bearer`: Authorization header; `api-key`: X-API-Key header. */
export type Presented =
  | { readonly kind: 'bearer' | 'api-key'; readonly value: string }
  | { readonly kind: 'certificate'; readonly value: string; readonly certificate: ClientCertificate };

/** A client certificate that TLS has checked against the configured authorities; `value` of `Presented` is its fingerprint. */
export interface ClientCertificate {
  /** SHA-256 of the certificate. */
  readonly fingerprint: string;
  /** Subject as RFC 2253-like text, most general attribute first. */
  readonly subject: string;
  readonly commonName: string | null;
  readonly issuer: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

/** One way in. The first that recognises a credential decides about it (spec page 06, "Ways in"). */
export interface Authenticator {
  /** By its form only: whether this way in is responsible for the credential, valid or not. */
  recognises(presented: Presented): boolean;
  /** How long a result may be taken from memory, milliseconds; 1,000 where nothing is said. */
  readonly maxAgeMs?: number;
  /** Throws `AUTH_CREDENTIAL_INVALID`, and `AUTH_UNAVAILABLE` when it cannot be told now. */
  verify(presented: Presented): Promise<VerifiedIdentity>;
}
