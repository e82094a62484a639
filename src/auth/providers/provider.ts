import type { Json, JsonObject } from '../../model/json.js';
import type { ProviderType } from '../../model/auth-settings.js';

/** What an upstream provider gave for one person. Kept sealed in the store. Times in milliseconds since the Unix epoch. */
export interface UpstreamTokens {
  readonly accessToken: string;
  /** When the access token ends, where the provider says so. */
  readonly expiresAt?: number;
  readonly refreshToken?: string;
  readonly scope?: string;
}

/** Who signed in, as the provider vouches for it; lists are raw, as the role resolver wants them. */
export interface UpstreamProfile {
  /** The provider's `iss`, where it has one. */
  readonly issuer: string | null;
  readonly subject: string;
  readonly userId: string;
  readonly username: string | null;
  /** Only an address that the provider calls verified. */
  readonly email: string | null;
  readonly name: string | null;
  readonly role?: string;
  readonly roles?: Json;
  readonly permissions?: Json;
  readonly groups?: Json;
  readonly capabilities?: Json;
  readonly claims: JsonObject;
}

/** A finished sign-in upstream. */
export interface SignIn {
  readonly profile: UpstreamProfile;
  readonly tokens: UpstreamTokens;
}

/** What the browser is sent to the provider with. */
export interface AuthorizeRequest {
  readonly state: string;
  readonly nonce: string;
  /** PKCE S256. */
  readonly codeChallenge: string;
  readonly redirectUri: string;
}

/** What the browser came back with, and what this server kept meanwhile. */
export interface CodeAnswer {
  readonly code: string;
  readonly codeVerifier: string;
  readonly nonce: string;
  readonly redirectUri: string;
  /** RFC 9207, where the provider sent it. */
  readonly iss?: string;
}

/** The provider says, or a rule about organisations and domains says, that this person may not sign in (any more). */
export class UpstreamRefusedError extends Error {
  override readonly name = 'UpstreamRefusedError';
}

/** One upstream identity provider (spec page 06, "Providers"). Other errors than `UpstreamRefusedError`: it cannot be told now. */
export interface Provider {
  /** `user.provider`, first part of `user.key`. */
  readonly name: string;
  readonly type: ProviderType;
  authorizeUrl(request: AuthorizeRequest): Promise<string>;
  finish(answer: CodeAnswer): Promise<SignIn>;
  /** New tokens where there is a refresh token, the profile read again, membership checked again. */
  refresh(tokens: UpstreamTokens): Promise<SignIn>;
}
