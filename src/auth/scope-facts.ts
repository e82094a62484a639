import type { VerifiedIdentity } from './identity.js';

/** What an authorization server has to know of the site's scopes (spec page 06, "Tags and scopes"). */
export interface ScopeFacts {
  /** Every scope that some call needs, sorted: the allow-list of requests. */
  readonly known: readonly string[];
  /** Granted when a client asks for none: each once, and none that nobody could ask for. */
  readonly defaults: readonly string[];
  /** The scopes that this person's roles allow now; undefined without a `roles` section: every one. */
  readonly allowed: (identity: VerifiedIdentity) => readonly string[] | undefined;
  /** True for holders of the capability `mxcp:admin`. */
  readonly isAdmin: (identity: VerifiedIdentity) => boolean;
}
