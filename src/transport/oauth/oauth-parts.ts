import type { Issuer } from '../../auth/issuer/issuer.js';
import type { JsonObject } from '../../model/json.js';

/** Stricter limits, by address (spec page 06, "Limits against abuse"). */
export type OAuthTier = 'signIn' | 'consent' | 'token' | 'registration';

/** What the routes of sign-in and authorization are made of. */
export interface OAuthParts {
  /** The authorization server of the project that is served now; undefined: there is none. */
  readonly issuer: () => Issuer | undefined;
  /** RFC 9728's document of the MCP endpoint; undefined: nothing asks for a token. */
  readonly resource: () => JsonObject | undefined;
  /** Path of MCP. */
  readonly mcpPath: string;
  /** Takes from the address's bucket; rejects with `CALL_RATE_LIMITED` when it is empty. */
  readonly limit: (tier: OAuthTier, ip: string) => Promise<void>;
  readonly logger: { error: (facts: object, text: string) => void };
}
