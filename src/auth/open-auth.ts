import { CredentialInvalidError, type Origin } from '../errors.js';
import type { AuthEvent, AuthSettings } from '../model/auth-settings.js';
import type { Authenticator, Presented } from './authenticator.js';
import type { VerifiedIdentity } from './identity.js';
import type { Issuer } from './issuer/issuer.js';
import { createKeyAuthenticator } from './keys/key-authenticator.js';
import { createResultCache } from './result-cache.js';
import type { ScopeFacts } from './scope-facts.js';
import { openStore } from './store/open-store.js';
import type { Store } from './store/store.js';
import { createCertificateVerifier } from './verify/certificate.js';
import { createIntrospector } from './verify/introspection.js';
import { createJwtVerifier } from './verify/jwt.js';

/** The ways in of a served site (spec page 06, "Ways in"). */
export interface Auth {
  /**
   * Who presents this credential: the first way in that recognises it decides. Throws `AUTH_CREDENTIAL_INVALID`, and
   * `AUTH_UNAVAILABLE` when it cannot be told now.
   */
  authenticate(presented: Presented): Promise<VerifiedIdentity>;
  /** The authorization server, where the site has one. */
  readonly issuer: Issuer | undefined;
  /**
   * True for the first use of an id, by any of the servers that share the store. It is kept until `expiresAt`, milliseconds
   * since the Unix epoch. Without a store nothing is known of other servers.
   */
  once(id: string, expiresAt: number): Promise<boolean>;
  /** The upstream provider's own token for a person, where the provider's settings let bodies have it. */
  externalToken(userKey: string): Promise<string | undefined>;
  close(): Promise<void>;
}

/** What the ways in are made of. */
export interface OpenAuthOptions {
  readonly settings: AuthSettings;
  /** Name of the project. */
  readonly project: string;
  readonly origin: Origin;
  readonly siteSecret: string;
  /** The public address of this server, without a slash at its end. */
  readonly baseUrl: string;
  readonly mcpPath: string;
  readonly scopes: ScopeFacts;
  readonly record: (event: AuthEvent) => Promise<void>;
  readonly warn: (message: string, error: unknown) => void;
}

interface Opened {
  readonly store: Store | undefined;
  readonly issuer: Issuer | undefined;
}

/** In the order in which they are asked: what is known by its form first, introspection of everything else last. */
function waysIn({ settings, record, warn }: OpenAuthOptions, { store, issuer }: Opened): Authenticator[] {
  const { verifiers, apiKeys, clientCertificates } = settings;
  return [
    ...(apiKeys && store ? [createKeyAuthenticator({ store, record, warn })] : []),
    ...(issuer ? [issuer.authenticator] : []),
    ...verifiers.map((verifier) => createJwtVerifier(verifier)),
    ...(clientCertificates ? [createCertificateVerifier()] : []),
    ...verifiers.flatMap((verifier) =>
      verifier.introspection ? [createIntrospector(verifier, verifier.introspection)] : [],
    ),
  ];
}

async function openTheStore(options: OpenAuthOptions): Promise<Store | undefined> {
  const { settings, project, siteSecret, origin, warn } = options;
  if (!settings.apiKeys && settings.issuer === undefined) return undefined;
  return openStore({
    settings: settings.persistence,
    project,
    secret: siteSecret,
    previousSecrets: settings.previousKeys,
    encryptionKey: settings.encryptionKey,
    origin,
    warn,
  });
}

/** Loaded only where a site has one: a site that verifies other issuers' tokens needs none of it. */
async function openTheIssuer(
  options: OpenAuthOptions,
  store: Store | undefined,
): Promise<Issuer | undefined> {
  const { issuer } = options.settings;
  if (issuer === undefined || store === undefined) return undefined;
  const { siteSecret, settings, baseUrl, mcpPath, scopes, record, warn } = options;
  const { routeLibraryNotices } = await import('./issuer/library-notices.js');
  routeLibraryNotices(warn);
  const { openIssuer } = await import('./issuer/open-issuer.js');
  const { createProvider } = await import('./providers/create-provider.js');
  return openIssuer({
    settings: issuer,
    store,
    baseUrl,
    mcpPath,
    secrets: [siteSecret, ...settings.previousKeys],
    providers: issuer.providers.map((provider) => createProvider(provider)),
    scopes,
    record,
    warn,
  });
}

/**
 * Opens what credentials are checked with. Rejects with `CONFIG_INVALID` when the store is under another key or a client
 * cannot be used, and with `AUTH_UNAVAILABLE` when the store cannot be reached.
 */
export async function openAuth(options: OpenAuthOptions): Promise<Auth> {
  const store = await openTheStore(options);
  try {
    const issuer = await openTheIssuer(options, store);
    return assemble(waysIn(options, { store, issuer }), { store, issuer });
  } catch (error) {
    await store?.close();
    throw error;
  }
}

function assemble(ways: readonly Authenticator[], { store, issuer }: Opened): Auth {
  const cache = createResultCache();
  return {
    issuer,
    authenticate: (presented) => {
      const way = ways.find((one) => one.recognises(presented));
      if (way) return cache.verify(way, presented);
      return Promise.reject(new CredentialInvalidError('No configured way in recognises the credential'));
    },
    once: (id, expiresAt) => store?.putNew('once', id, true, { expiresAt }) ?? Promise.resolve(true),
    externalToken: (userKey) => issuer?.externalToken(userKey) ?? Promise.resolve(undefined),
    close: async () => {
      cache.clear();
      await store?.close();
    },
  };
}
