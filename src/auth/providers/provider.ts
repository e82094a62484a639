import type { ProviderType } from '../../model/auth-settings.js';
import type { JsonObject } from '../../model/json.js';
import type { MappedClaims } from '../claims.js';

/** What a sign-in starts with. `state` and `nonce` belong to the caller, who keeps them with the code verifier. */
export interface AuthorizeRequest {
  readonly state: string;
  readonly nonce: string;
  /** RFC 7636, method S256. */
  readonly codeChallenge: string;
  readonly redirectUri: string;
}

/** What came back on the redirect, and what the sign-in was started with. */
export interface AuthorizeResponse {
  readonly code: string;
  readonly codeVerifier: string;
  readonly nonce: string;
  readonly redirectUri: string;
  /** RFC 9207: must name this provider where it is there, and be there where the provider says so. */
  readonly iss?: string;
}

/** Who the provider says has signed in (spec page 06, "Profile mapping"). */
export interface Profile extends MappedClaims {
  /** Never reassigned by the provider; second part of `user.key`. */
  readonly subject: string;
  readonly userId: string;
  readonly username: string | null;
  /** Only an address that the provider calls verified. */
  readonly email: string | null;
  readonly name: string | null;
  readonly claims: JsonObject;
}

/** The tokens that a provider gave for one person. Secret; plain JSON. */
export interface UpstreamTokens {
  /** Whose they are: a refresh that brings somebody else's is refused. */
  readonly subject: string;
  readonly accessToken: string;
  readonly refreshToken?: string;
  /** Milliseconds since the Unix epoch; absent: the access token does not expire by itself. */
  readonly expiresAt?: number;
  readonly scopes: readonly string[];
  /** The last ID token, as a hint for signing out. */
  readonly idToken?: string;
  /** What signed tokens said of the person: a refresh that brings no ID token goes on with it. */
  readonly verifiedClaims?: JsonObject;
  /** Salesforce: where it describes the person. */
  readonly identityUrl?: string;
}

/** A finished sign-in, or a refreshed one. */
export interface SignIn {
  readonly profile: Profile;
  readonly tokens: UpstreamTokens;
}

/**
 * One upstream identity provider (spec page 06, "Providers"). Methods reject with `AUTH_SIGN_IN_FAILED` when what came back
 * is not valid, `AUTH_UPSTREAM_REFUSED` when the provider or the operator's lists do not let the person in (any more), and
 * `AUTH_UNAVAILABLE` when it cannot be told now. No message has a token, a code or anything about the person.
 */
export interface Provider {
  /** The operator's name for it; `user.provider`. */
  readonly name: string;
  readonly type: ProviderType;
  /** Bodies may have its token. */
  readonly exposeToken: boolean;
  /** Where the browser goes. */
  authorizeUrl(request: AuthorizeRequest): Promise<string>;
  /** Redeems the code, checks everything that came with it and the operator's lists. */
  finish(response: AuthorizeResponse): Promise<SignIn>;
  /**
   * Fresh tokens where there is a refresh token, and in any case a fresh look at the person, with the lists checked again.
   * Tokens that have expired and cannot be refreshed are refused.
   */
  refresh(tokens: UpstreamTokens): Promise<SignIn>;
  /**
   * Takes the tokens back: they work for nobody any more. False where the provider has nothing for that. Rejects with
   * `AUTH_UNAVAILABLE`.
   */
  revoke(tokens: UpstreamTokens): Promise<boolean>;
  /** Where the browser goes to sign out there too; undefined where the provider has no such page. */
  logoutUrl(tokens: UpstreamTokens | undefined, returnTo: string): Promise<string | undefined>;
}
