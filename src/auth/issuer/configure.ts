import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import Library, {
  errors,
  interactionPolicy,
  type Adapter,
  type ClientMetadata,
  type Configuration,
  type KoaContextWithOIDC,
} from 'oidc-provider';
import type { ClientSettings, IssuerSettings } from '../../model/auth-settings.js';
import type { ScopeFacts } from '../scope-facts.js';
import { hostCookie, type Browsers, type CookiePlace } from './browsers.js';
import { settleClient } from './client-metadata.js';
import { connectScope } from './connect-scope.js';
import { interactionMs } from './interaction-ms.js';
import { clientAuthAlgorithms, clientAuthMethods, endpoints } from './metadata.js';
import { readScopes } from './request-scopes.js';
import { accessTokenPrefix, refreshTokenPrefix } from './token-prefixes.js';

/** What the library is configured from. */
export interface LibraryParts {
  readonly settings: IssuerSettings;
  readonly facts: ScopeFacts;
  /** Issuer: the public address of this server, without a slash at its end. */
  readonly baseUrl: string;
  readonly mcpUrl: string;
  readonly cookieKeys: readonly string[];
  readonly cookie: CookiePlace;
  readonly adapter: (model: string) => Adapter;
  readonly fetch: typeof fetch;
  /** False when the person may not any more, or has to sign in again; `ask`: the provider is to be asked. */
  readonly stands: (userKey: string, ask: boolean) => Promise<boolean>;
  readonly browsers: Browsers;
  /** Runs when a person is asked about a client. */
  readonly asked: (clientId: string) => Promise<void>;
  readonly errorPage: (context: KoaContextWithOIDC, error: string, description: string) => string;
}

const seconds = (ms: number): number => Math.max(1, Math.floor(ms / 1000));

/** What comparing a secret needs, and no more: client secrets are random, so a plain digest is not guessable. */
export function secretDigest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

function staticClient({ clientId, clientSecret, name, redirectUris }: ClientSettings): ClientMetadata {
  return {
    client_id: clientId,
    redirect_uris: [...redirectUris],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: clientSecret === undefined ? 'none' : 'client_secret_basic',
    ...(clientSecret !== undefined && { client_secret: secretDigest(clientSecret) }),
    ...(name !== undefined && { client_name: name }),
  };
}

/** Sign-in is the library's prompt; consent is always asked for, and answered by the page or by what is remembered. */
function promptPolicy(): interactionPolicy.Prompt[] {
  const { Check, Prompt } = interactionPolicy;
  const policy = interactionPolicy.base();
  const login = policy.get('login');
  login?.checks.add(
    new Check(
      'account_gone',
      'the person is not known here any more',
      ({ oidc }) => oidc.account === undefined,
    ),
  );
  const ask = new Check(
    'always',
    'consent is always asked for',
    ({ oidc }) => oidc.result?.consent === undefined,
  );
  policy.remove('consent');
  policy.add(new Prompt({ name: 'consent', requestable: true }, ask));
  return policy;
}

function features({ settings, mcpUrl, facts }: LibraryParts): NonNullable<Configuration['features']> {
  const off = { enabled: false };
  return {
    devInteractions: off,
    dPoP: off,
    pushedAuthorizationRequests: off,
    rpInitiatedLogout: off,
    userinfo: off,
    introspection: off,
    // Others' tokens are answered like unknown ones, which tells nothing.
    revocation: {
      enabled: true,
      allowedPolicy: (_context, client, token) => token.clientId === client.clientId,
    },
    registration: {
      enabled: settings.registration,
      issueRegistrationAccessToken: false,
      // Never begins with `-`, which a command line would take for an option.
      idFactory: () => randomUUID(),
    },
    clientIdMetadataDocument: { enabled: settings.clientMetadataDocuments, ack: 'draft-02' },
    resourceIndicators: {
      enabled: true,
      // Several that were asked for are not made one: the library refuses them.
      defaultResource: (_context, _client, several) => several ?? mcpUrl,
      getResourceServerInfo: (_context, resource) => {
        if (resource !== mcpUrl) throw new errors.InvalidTarget('this server issues tokens for itself only');
        return {
          scope: [connectScope, ...facts.known].join(' '),
          audience: mcpUrl,
          accessTokenFormat: 'opaque',
          accessTokenTTL: seconds(settings.accessTokenTtlMs),
        };
      },
    },
  };
}

function lifetimes(settings: IssuerSettings): NonNullable<Configuration['ttl']> {
  return {
    AccessToken: seconds(settings.accessTokenTtlMs),
    AuthorizationCode: seconds(settings.codeTtlMs),
    Grant: seconds(settings.refreshTokenTtlMs),
    Interaction: seconds(interactionMs),
    // A family ends when its first token would have: rotation prolongs nothing.
    RefreshToken: (context) =>
      Math.max(
        1,
        context.oidc.entities.RotatedRefreshToken?.remainingTTL ?? seconds(settings.refreshTokenTtlMs),
      ),
    Session: seconds(settings.sessionTtlMs),
  };
}

/** ID tokens are not issued, so nothing is ever signed with this key; the library wants one. */
function unusedKeys(): NonNullable<Configuration['jwks']> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256' }] };
}

function settings(parts: LibraryParts): Configuration {
  const { settings: own, facts, cookie, baseUrl } = parts;
  const bounds = new Map(own.clients.map(({ clientId, scopes }) => [clientId, scopes]));
  const { path, secure } = cookie;
  // Without a path of ours, each authorization request has cookies of its own, at its own pages only.
  const short = { secure, httpOnly: true, sameSite: 'lax', signed: true } as const;
  return {
    adapter: parts.adapter,
    clients: own.clients.map(staticClient),
    clientAuthMethods: [...clientAuthMethods],
    clientDefaults: { id_token_signed_response_alg: 'ES256', response_modes: ['query'] },
    cookies: {
      keys: [...parts.cookieKeys],
      long: { ...short, path },
      short,
      names: {
        session: hostCookie('mxcp_session', cookie),
        interaction: 'mxcp_interaction',
        resume: 'mxcp_resume',
      },
    },
    enabledJWA: {
      clientAuthSigningAlgValues: [...clientAuthAlgorithms],
      idTokenSigningAlgValues: ['ES256'],
    },
    expiresWithSession: () => false,
    extraClientMetadata: {
      properties: ['software_id'],
      validator: (_context, _key, _value, metadata) => settleClient(metadata),
    },
    extraParams: {
      // Behind the check of the redirect URI, and on what was really sent (spec page 06).
      scope: ({ oidc, query }, _value, client) => {
        const scopes = readScopes(query['scope'], facts, bounds.get(client.clientId));
        Object.assign(oidc.params ?? {}, { scope: scopes.join(' ') });
      },
      resource: (_context, value: unknown) => {
        if (Array.isArray(value)) throw new errors.InvalidTarget('one resource can be asked for');
      },
    },
    features: features(parts),
    fetch: parts.fetch,
    fetchResponseBodyLimits: { 'client_id metadata document': 5_120, jwks_uri: 16_384 },
    // For a code as for a refresh token: a browser's session may be as old as a token.
    findAccount: async ({ oidc }, accountId) =>
      (await parts.stands(accountId, oidc.route === 'token'))
        ? { accountId, claims: () => ({ sub: accountId }) }
        : undefined,
    interactions: {
      policy: promptPolicy(),
      url: async ({ cookies }, { uid, params }) => {
        await parts.asked(String(params['client_id']));
        await parts.browsers.bind(cookies, uid);
        return `${baseUrl}/oauth/interaction/${uid}`;
      },
    },
    issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
    jwks: unusedKeys(),
    loadExistingGrant: async ({ oidc }) => {
      const id: unknown = oidc.result?.consent?.['grantId'];
      return typeof id === 'string' ? oidc.provider.Grant.find(id) : undefined;
    },
    pkce: { required: () => true },
    renderError: (context, { error, error_description: description }) => {
      context.type = 'html';
      context.body = parts.errorPage(context, error, description ?? '');
    },
    responseTypes: ['code'],
    revokeGrantPolicy: () => true,
    rotateRefreshToken: true,
    routes: {
      authorization: endpoints.authorize,
      token: endpoints.token,
      revocation: endpoints.revoke,
      registration: endpoints.register,
    },
    scopes: [],
    ttl: lifetimes(own),
  };
}

/** The library has no setting for what its tokens look like; a prefix tells them apart from every other credential. */
function prefixIds(model: { readonly prototype: object }, prefix: string): void {
  const make: unknown = Reflect.get(model.prototype, 'generateTokenId');
  if (typeof make !== 'function') throw new Error('The token library has changed: it makes no token ids');
  Reflect.set(model.prototype, 'generateTokenId', function (this: unknown): string {
    return prefix + String(Reflect.apply(make, this, []));
  });
}

/** Secrets of clients are at rest as digests, so what is sent is digested before it is compared. */
function compareDigests(model: { readonly prototype: object }): void {
  const compare: unknown = Reflect.get(model.prototype, 'compareClientSecret');
  if (typeof compare !== 'function') throw new Error('The token library has changed: it compares no secrets');
  Reflect.set(model.prototype, 'compareClientSecret', function (this: unknown, secret: string): unknown {
    const same: unknown = Reflect.apply(compare, this, [secretDigest(secret)]);
    return same;
  });
}

/** The authorization server's library, with every part that the spec does not ask for switched off. */
export function configureLibrary(parts: LibraryParts): Library {
  const library = new Library(parts.baseUrl, settings(parts));
  // `asPublic` has put what the transport established into these headers.
  library.proxy = true;
  prefixIds(library.AccessToken, accessTokenPrefix);
  prefixIds(library.RefreshToken, refreshTokenPrefix);
  compareDigests(library.Client);
  return library;
}
