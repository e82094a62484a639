import { createHash } from 'node:crypto';
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type GenerateKeyPairResult,
  type JWK,
  SignJWT,
  type SignOptions,
} from 'jose';
import type { ProviderSettings } from '../../../src/model/auth-settings.js';
import {
  clientId,
  commonSettings,
  startStandIn,
  type Answer,
  type Grant,
  type StandIn,
  type StandInUser,
} from './stand-in.js';
import { oauthError, readForm } from './token-requests.js';

type Claims = Record<string, unknown>;

/** An OpenID provider on loopback: discovery, keys, userinfo, ID tokens, RFC 9207, logout. */
export interface OidcStandIn extends StandIn {
  /** What the next answers say of people and tokens, beside or instead of what is right. */
  readonly quirks: OidcQuirks;
  /** Signs with the published key. */
  sign(claims: Claims, header?: Claims, options?: SignOptions): Promise<string>;
  readonly publicKey: () => JWK;
  /** A new signing key, published beside the former ones. */
  rotateKey(kid: string): Promise<void>;
}

interface OidcQuirks {
  /** Changes of the ID token's claims; `undefined` leaves one out. */
  idClaims: Claims;
  /** Makes the ID token instead; `null` as its result: none is sent. */
  forgeIdToken: ((claims: Claims) => Promise<string | null>) | undefined;
  userinfoClaims: Claims;
  /** Changes of the discovery document. */
  metadata: Claims;
  /** False: no ID token comes with a refresh (OpenID Connect Core, section 12.2 allows that). */
  idTokenAtRefresh: boolean;
  /** `iss` of the redirect back (RFC 9207); null: it does not come. */
  issParameter: string | null;
  /** The access token is a JWT with these claims. */
  accessTokenClaims: ((grant: Grant) => Claims) | undefined;
}

/** What a preset changes. */
export interface OidcOptions {
  readonly people?: readonly StandInUser[];
  /** Where the issuer lives, for example `/realms/acme`. */
  readonly issuerPath?: string;
  readonly settings?: (url: string, issuer: string) => Partial<ProviderSettings>;
  readonly paths?: Partial<typeof defaultPaths>;
  /** Changes of the discovery document. */
  readonly metadata?: Claims;
  /** Makes access tokens JWTs with these claims. */
  readonly accessTokenClaims?: (grant: Grant, issuer: string) => Claims;
  /** `scope` of the token answer, when it is not what was asked for. */
  readonly scopeInReply?: (grant: Grant) => string;
  readonly rotatesRefreshTokens?: boolean;
  readonly givesRefreshToken?: (grant: Grant) => boolean;
  /** False: no `iss` comes with the redirect back (RFC 9207). */
  readonly sendsIssuer?: boolean;
}

const defaultPaths = {
  authorize: '/authorize',
  token: '/token',
  userinfo: '/userinfo',
  jwks: '/jwks',
  logout: '/logout',
};

/** Three people: an address that is verified, one that is not, and nobody's. */
export function oidcPeople(): StandInUser[] {
  const person = (id: string, username: string, name: string): StandInUser => ({
    id,
    username,
    password: `${username}-password`,
    name,
    email: `${username}@acme.example`,
    emailVerified: true,
    facts: {
      groups: [username === 'ada' ? 'engineering' : 'sales'],
      role: username === 'ada' ? 'analyst' : 'clerk',
    },
  });
  const grace = person('sub-2', 'grace', 'Grace Hopper');
  const mallory = person('sub-3', 'mallory', 'Mallory');
  grace.email = null;
  mallory.emailVerified = false;
  return [person('sub-1', 'ada', 'Ada Lovelace'), grace, mallory];
}

function profileClaims({ id, username, name, email, emailVerified, facts }: StandInUser): Claims {
  const address = email === null ? {} : { email, email_verified: emailVerified };
  return { sub: id, preferred_username: username, name, ...address, ...facts };
}

const makeKey = (): Promise<GenerateKeyPairResult> => generateKeyPair('RS256', { extractable: true });
// RSA keys take their time: all stand-ins of a test file begin with the same one.
const firstKey = makeKey();

/** Starts one; it must be closed. */
export async function startOidc(options: OidcOptions = {}): Promise<OidcStandIn> {
  const keys: JWK[] = [];
  let signing: { readonly kid: string; readonly key: CryptoKey } | undefined;
  const { issuerPath = '', sendsIssuer = true } = options;
  const paths = { ...defaultPaths, ...options.paths };
  let issuer = '';
  const quirks: OidcQuirks = {
    idClaims: {},
    forgeIdToken: undefined,
    userinfoClaims: {},
    metadata: {},
    idTokenAtRefresh: true,
    issParameter: null,
    accessTokenClaims: undefined,
  };

  const sign: OidcStandIn['sign'] = (claims, header = {}, options = {}) => {
    if (signing === undefined) throw new Error('no key');
    return new SignJWT(JSON.parse(JSON.stringify(claims)) as Record<string, never>)
      .setProtectedHeader({ alg: 'RS256', kid: signing.kid, ...header })
      .sign(signing.key, options);
  };
  const use = async (kid: string, pair: GenerateKeyPairResult): Promise<void> => {
    signing = { kid, key: pair.privateKey };
    keys.push({ ...(await exportJWK(pair.publicKey)), kid, alg: 'RS256', use: 'sig' });
  };

  async function idToken(grant: Grant): Promise<string | null> {
    const now = Math.floor(Date.now() / 1000);
    const hash = createHash('sha256')
      .update(grant.accessToken ?? '')
      .digest();
    const claims = {
      iss: issuer,
      aud: clientId,
      exp: now + 300,
      iat: now,
      nonce: grant.nonce ?? undefined,
      at_hash: hash.subarray(0, 16).toString('base64url'),
      ...profileClaims(grant.user),
      ...quirks.idClaims,
    };
    return quirks.forgeIdToken === undefined ? sign(claims) : quirks.forgeIdToken(claims);
  }

  async function tokenAnswer(grant: Grant, kind: 'code' | 'refresh'): Promise<Answer> {
    const claims = quirks.accessTokenClaims?.(grant) ?? options.accessTokenClaims?.(grant, issuer);
    if (claims !== undefined) grant.accessToken = await sign(claims);
    const withId = grant.scopes.includes('openid') && (kind === 'code' || quirks.idTokenAtRefresh);
    const id = withId ? await idToken(grant) : null;
    return {
      headers: { 'cache-control': 'no-store' },
      body: {
        access_token: grant.accessToken,
        token_type: 'Bearer',
        expires_in: Math.round((grant.expiresAt - Date.now()) / 1000),
        scope: options.scopeInReply?.(grant) ?? grant.scopes.join(' '),
        ...(grant.refreshToken !== null && { refresh_token: grant.refreshToken }),
        ...(id !== null && { id_token: id }),
      },
    };
  }

  const standIn = await startStandIn(options.people ?? oidcPeople(), (url) => {
    issuer = url + issuerPath;
    if (sendsIssuer) quirks.issParameter = issuer;
    const at = (path: string): string => `${issuerPath}${path}`;
    return {
      settings: {
        ...commonSettings,
        type: 'oidc',
        name: 'corp',
        discoveryUrl: `${issuer}/.well-known/openid-configuration`,
        ...options.settings?.(url, issuer),
      },
      shape: {
        authorizePath: at(paths.authorize),
        tokenPath: at(paths.token),
        readTokenRequest: readForm,
        refuseAuthorize: (query) =>
          query.get('scope')?.includes('openid') ? undefined : 'openid is missing',
        tokenAnswer,
        tokenError: oauthError,
        rotatesRefreshTokens: options.rotatesRefreshTokens ?? true,
        ...(options.givesRefreshToken && { givesRefreshToken: options.givesRefreshToken }),
        redirectMembers: () => (quirks.issParameter === null ? {} : { iss: quirks.issParameter }),
        routes: {
          [`GET ${at('/.well-known/openid-configuration')}`]: () => ({
            body: {
              issuer,
              authorization_endpoint: issuer + paths.authorize,
              token_endpoint: issuer + paths.token,
              userinfo_endpoint: issuer + paths.userinfo,
              jwks_uri: issuer + paths.jwks,
              end_session_endpoint: issuer + paths.logout,
              response_types_supported: ['code'],
              subject_types_supported: ['public'],
              id_token_signing_alg_values_supported: ['RS256'],
              token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
              code_challenge_methods_supported: ['S256'],
              authorization_response_iss_parameter_supported: sendsIssuer,
              ...options.metadata,
              ...quirks.metadata,
            },
          }),
          [`GET ${at(paths.jwks)}`]: () => ({ body: { keys } }),
          [`GET ${at(paths.userinfo)}`]: (_, grant) =>
            grant === undefined
              ? { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' }, body: {} }
              : { body: { ...profileClaims(grant.user), ...quirks.userinfoClaims } },
          [`GET ${at(paths.logout)}`]: () => ({ body: '<h1>You are signed out</h1>' }),
        },
      },
    };
  });
  await use('first', await firstKey);
  const rotateKey = async (kid: string): Promise<void> => use(kid, await makeKey());
  return { ...standIn, quirks, sign, rotateKey, publicKey: () => keys.at(-1) ?? {} };
}
