import type { Origin } from '../errors.js';
import type { Json } from './json.js';

/** The identity providers that people can sign in at (spec page 06, "Providers"). */
export type ProviderType = 'github' | 'google' | 'keycloak' | 'atlassian' | 'salesforce' | 'oidc' | 'workos';

/** How the claims of a verified identity become fields of `user` (spec pages 04 and 06). */
export interface ClaimSettings {
  /** Claim that gives `user.role`; exact name first, then dotted path. */
  readonly roleClaim?: string;
  readonly permissionsClaim?: string;
  readonly groupsClaim?: string;
  /** Claim path → value → capabilities. */
  readonly claimMappings: readonly ClaimMapping[];
}

export interface ClaimMapping {
  readonly claim: string;
  readonly value: string;
  readonly capabilities: readonly string[];
}

/** One upstream identity provider of `mode: issuer`. */
export interface ProviderSettings extends ClaimSettings {
  readonly type: ProviderType;
  /** Unique among the providers; `user.provider`, first part of `user.key`. */
  readonly name: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Scopes asked for at the provider, separated by spaces; absent: the provider's own default here. */
  readonly scope?: string;
  /** Path of the callback on this server, unlike that of every other provider. */
  readonly callbackPath: string;
  readonly authUrl?: string;
  readonly tokenUrl?: string;
  /** Root of a GitHub Enterprise server, or a Salesforce sandbox or My Domain host. */
  readonly baseUrl?: string;
  /** Keycloak's root, with `realm`. */
  readonly serverUrl?: string;
  readonly realm?: string;
  /** Discovery document, or the issuer that it hangs below. */
  readonly discoveryUrl?: string;
  readonly audience?: string;
  readonly extraAuthorizeParams: Readonly<Record<string, string>>;
  /** WorkOS: the organisation that people sign in for; its claim is checked. */
  readonly organizationId?: string;
  readonly allowedOrgs: readonly string[];
  readonly allowedTeams: readonly string[];
  readonly allowedDomains: readonly string[];
  /** The upstream token may be read by bodies. */
  readonly exposeToken: boolean;
  readonly origin: Origin;
}

/** A client that the operator registered (`auth.clients`). */
export interface ClientSettings {
  readonly clientId: string;
  readonly clientSecret?: string;
  readonly name?: string;
  readonly redirectUris: readonly string[];
  readonly scopes?: readonly string[];
  readonly origin: Origin;
}

/** The authorization server of `mode: issuer`. Times in milliseconds. */
export interface IssuerSettings {
  readonly providers: readonly ProviderSettings[];
  readonly clients: readonly ClientSettings[];
  /** RFC 7591 registration is open. */
  readonly registration: boolean;
  readonly clientMetadataDocuments: boolean;
  readonly accessTokenTtlMs: number;
  readonly refreshTokenTtlMs: number;
  readonly codeTtlMs: number;
  /** A rotated refresh token of the same client gets a working pair for this long. */
  readonly replayGraceMs: number;
  readonly sessionTtlMs: number;
}

/** One trusted issuer of `mode: verifier`. Times in milliseconds. */
export interface VerifierSettings extends ClaimSettings {
  /** `user.provider`: the operator's name for this issuer, else the issuer itself. */
  readonly name: string;
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly jwksUri?: string;
  readonly algorithms: readonly string[];
  readonly clockSkewMs: number;
  readonly jwksCacheTtlMs: number;
  /** RFC 7662, for opaque tokens. */
  readonly introspection?: {
    readonly url: string;
    readonly clientId: string;
    readonly clientSecret: string;
    readonly cacheMs: number;
  };
  readonly origin: Origin;
}

/** Where tokens, sessions, clients and keys are kept. */
export type PersistenceSettings =
  { readonly type: 'sqlite'; readonly path: string } | { readonly type: 'redis'; readonly url: string };

/** `auth` of the active profile (spec page 06). Several ways in can be on at once; none is `provider: none`. */
export interface AuthSettings {
  /** Nothing asks for a credential: everybody is anonymous. False as soon as one way in is configured. */
  readonly open: boolean;
  /** Anonymous callers are let in beyond loopback, or beside the other ways in. */
  readonly allowAnonymous: boolean;
  readonly issuer?: IssuerSettings;
  readonly verifiers: readonly VerifierSettings[];
  /** API keys are accepted (`mxcp keys`). */
  readonly apiKeys: boolean;
  /** Client certificates are callers (`transport.http.tls.request_cert`). */
  readonly clientCertificates: boolean;
  readonly persistence: PersistenceSettings;
  /** Overrides the key for encryption at rest that is derived from the site secret. */
  readonly encryptionKey?: string;
  /** The site secret or encryption key before the last rotation: still verifies and decrypts. */
  readonly previousKeys: readonly string[];
}

/** A token bucket: `perMinute` sustained, `burst` at once. */
export interface Rate {
  readonly perMinute: number;
  readonly burst: number;
}

/** Buckets of `limits.rate`; an absent one does not limit (spec page 06, "Limits against abuse"). */
export interface RateSettings {
  readonly global?: Rate;
  readonly perUser?: Rate;
  readonly perClient?: Rate;
  readonly perKey?: Rate;
  readonly perEndpoint?: Rate;
  /** By address, before a credential has been checked. */
  readonly perAddress?: Rate;
  readonly signIn: Rate;
  readonly consent: Rate;
  readonly token: Rate;
  readonly registration: Rate;
}

/** Which scopes calls need (spec page 06, "Tags and scopes"). */
export interface ScopeSettings {
  readonly tagsAsScopes: boolean;
  /** Tags that need a scope; `all` for every tag. */
  readonly scopedTags: readonly string[] | 'all';
  readonly defaultScopes: readonly string[];
  readonly requiredScopes: readonly string[];
  /** What anonymous callers hold; absent: with `provider: none` no scope is checked. */
  readonly anonymousScopes?: readonly string[];
}

/** Everything that happened around a credential, for the audit log (spec page 05, "What is recorded"). */
export interface AuthEvent {
  readonly event: AuthEventName;
  readonly outcome: 'success' | 'failure';
  /** Why it failed: a fixed text, never a credential or a value that somebody sent. */
  readonly reason?: string;
  readonly userKey?: string;
  readonly userId?: string;
  readonly username?: string;
  readonly provider?: string;
  readonly clientId?: string;
  readonly clientName?: string;
  readonly sessionId?: string;
  readonly scopes?: readonly string[];
  readonly ip?: string;
  readonly userAgent?: string;
  /** Further facts, for example the id of an API key or the tier of a limit. Never a secret. */
  readonly details?: Readonly<Record<string, Json>>;
}

/** The closed vocabulary of `AuthEvent`; `operation_name` of the record. */
export type AuthEventName =
  | 'sign-in'
  | 'sign-out'
  | 'consent'
  | 'client-registration'
  | 'client-revoke'
  | 'token-issue'
  | 'token-refresh'
  | 'token-replay'
  | 'token-revoke'
  | 'grant-revoke'
  | 'session-revoke'
  | 'upstream-connect'
  | 'upstream-disconnect'
  | 'upstream-revoke'
  | 'upstream-refresh'
  | 'authentication'
  | 'authorization'
  | 'rate-limit'
  | 'scope-escalation'
  | 'key-create'
  | 'key-rotate'
  | 'key-revoke'
  | 'key-expiry'
  | 'encryption-rotate';
