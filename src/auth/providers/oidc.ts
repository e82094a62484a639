import { SignInFailedError, UpstreamRefusedError } from '../../errors.js';
import type { ProviderSettings } from '../../model/auth-settings.js';
import type { Json, JsonObject } from '../../model/json.js';
import { toClaims } from '../claims.js';
import { askUpstream, unavailable } from './ask-upstream.js';
import { createDiscovery, type Metadata } from './discovery.js';
import type { Look, ProviderKind } from './flow.js';
import { toProfile, type Facts } from './profile.js';
import type { UpstreamTokens } from './provider.js';
import { objectIn, textIn } from './read-json.js';
import { createSignedTokens, type SignedTokens } from './signed-tokens.js';

/** What the providers that speak OpenID Connect do differently from each other. */
export interface OidcVariant {
  readonly discoveryUrl: string;
  readonly scope?: string;
  readonly authorizeParameters?: Readonly<Record<string, string>>;
  /** Further forms of `iss` in this provider's ID tokens. */
  readonly otherIssuers?: readonly string[];
  /** Claims that are taken from the access token, which this provider makes a JWT for us to verify. */
  readonly accessTokenClaims?: readonly string[];
  /** Throws `AUTH_UPSTREAM_REFUSED` for people whom the operator does not let in. */
  readonly admit?: (claims: JsonObject) => void;
  /** Roles that this provider's claims have without a `role_claim`. */
  readonly rolesOf?: (claims: JsonObject) => readonly string[];
}

type Claims = Readonly<Record<string, Json>>;

function pick(claims: JsonObject, names: readonly string[]): Claims {
  return Object.fromEntries(names.flatMap((name) => (name in claims ? [[name, claims[name] ?? null]] : [])));
}

/**
 * What two documents say of one person; the second has the last word. Whether an address is verified counts only from a
 * document that has this address: what was verified at the sign-in says nothing about an address that came later.
 */
function joined(under: Claims, over: Claims): JsonObject {
  const all = { ...under, ...over };
  const said = [over, under].find(
    (claims) => claims['email'] === all['email'] && claims['email_verified'] !== undefined,
  );
  return toClaims({ ...all, email_verified: said?.['email_verified'] });
}

function nonceOf(previous: UpstreamTokens | undefined): string | undefined {
  return previous?.verifiedClaims && textIn(previous.verifiedClaims, 'nonce');
}

/** What userinfo says; undefined where the provider keeps it from this token. */
async function readUserinfo(url: string | undefined, accessToken: string): Promise<JsonObject | undefined> {
  if (url === undefined) return undefined;
  const headers = { accept: 'application/json', authorization: `Bearer ${accessToken}` };
  const { status, body } = await askUpstream(url, { headers });
  if (status >= 400) return undefined;
  const claims = objectIn(body);
  if (status !== 200 || claims === undefined) throw unavailable(url, `It answered ${status}`);
  return claims;
}

function withOpenid(scope: string): string {
  return scope.split(' ').includes('openid') ? scope : `openid ${scope}`;
}

/** A provider that speaks OpenID Connect Core 1.0 and publishes a discovery document. */
export function createOidcKind(settings: ProviderSettings, variant: OidcVariant): ProviderKind {
  const discover = createDiscovery(variant.discoveryUrl);
  const { accessTokenClaims = [] } = variant;
  let verifier: { readonly metadata: Metadata; readonly tokens: SignedTokens } | undefined;

  function verifierFor(metadata: Metadata): SignedTokens {
    const { issuer, jwksUri } = metadata;
    if (verifier?.metadata.jwksUri !== jwksUri || verifier.metadata.issuer !== issuer) {
      const issuers = [issuer, ...(variant.otherIssuers ?? [])] as const;
      verifier = { metadata, tokens: createSignedTokens(issuers, jwksUri, settings.clientId) };
    }
    return verifier.tokens;
  }

  /** Claims of the tokens that came now; undefined where no ID token did. */
  async function readTokens(look: Look, tokens: SignedTokens): Promise<Claims | undefined> {
    const { answer, nonce, previous } = look;
    if (answer?.idToken === undefined) {
      if (previous === undefined) throw new SignInFailedError('The identity provider sent no ID token');
      return undefined;
    }
    const isRefresh = previous !== undefined;
    const id = await tokens.idToken(answer.idToken, nonce ?? nonceOf(previous), isRefresh);
    return { ...(await readAccessToken(answer.accessToken, id['sub'], tokens)), ...id };
  }

  async function readAccessToken(
    token: string,
    sub: Json | undefined,
    tokens: SignedTokens,
  ): Promise<Claims> {
    if (accessTokenClaims.length === 0) return {};
    const claims = await tokens.accessToken(token);
    if (claims['sub'] !== sub) throw new SignInFailedError('The tokens are about different people');
    return pick(claims, accessTokenClaims);
  }

  function factsOf(claims: JsonObject, verifiedClaims: JsonObject): Facts {
    return {
      subject: textIn(claims, 'sub'),
      username: textIn(claims, 'preferred_username', 'nickname'),
      email: textIn(claims, 'email'),
      emailVerified: claims['email_verified'],
      name: textIn(claims, 'name'),
      claims,
      verifiedClaims,
      ...(variant.rolesOf && { roles: variant.rolesOf(claims) }),
    };
  }

  async function claimsOf(look: Look): Promise<{ readonly all: JsonObject; readonly verified: JsonObject }> {
    const metadata = await discover();
    const fresh = await readTokens(look, verifierFor(metadata));
    const userinfo = await readUserinfo(metadata.userinfoEndpoint, look.accessToken);
    // Without an ID token and without userinfo nobody vouches for the person any more.
    if (fresh === undefined && userinfo === undefined)
      throw new UpstreamRefusedError(`The sign-in at ${settings.name} has ended: sign in again`);
    const known = fresh ?? look.previous?.verifiedClaims ?? {};
    if (userinfo !== undefined && userinfo['sub'] !== known['sub'])
      throw new SignInFailedError('The identity provider describes another person than it signed in');
    const all = fresh === undefined ? joined(known, userinfo ?? {}) : joined(userinfo ?? {}, fresh);
    return { all, verified: toClaims(known) };
  }

  return {
    ...(variant.authorizeParameters && { authorizeParameters: variant.authorizeParameters }),
    endpoints: async () => {
      const metadata = await discover();
      const { issuer, issuerIsSent, endSessionEndpoint, revocationEndpoint: url } = metadata;
      const credentials = metadata.credentialsInBody ? 'body' : 'header';
      const offline = metadata.scopes.includes('offline_access') ? ' offline_access' : '';
      return {
        authorize: settings.authUrl ?? metadata.authorizationEndpoint,
        token: {
          url: settings.tokenUrl ?? metadata.tokenEndpoint,
          format: 'form',
          credentials,
        },
        scope: withOpenid(settings.scope ?? variant.scope ?? `openid profile email${offline}`),
        issuer,
        issuerIsSent,
        ...(endSessionEndpoint !== undefined && { logout: endSessionEndpoint }),
        ...(url !== undefined && { revoke: { url, credentials } }),
      };
    },
    look: async (look) => {
      const { all, verified } = await claimsOf(look);
      variant.admit?.(all);
      return { profile: toProfile(factsOf(all, verified), settings), verifiedClaims: verified };
    },
  };
}
