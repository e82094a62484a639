import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fastify, type FastifyInstance } from 'fastify';
import type { FetchGuard } from '../../../src/auth/issuer/guarded-fetch.js';
import type { Issuer } from '../../../src/auth/issuer/issuer.js';
import { resourceMetadata } from '../../../src/auth/issuer/metadata.js';
import { openIssuer } from '../../../src/auth/issuer/open-issuer.js';
import type { ScopeFacts } from '../../../src/auth/scope-facts.js';
import { openStore } from '../../../src/auth/store/open-store.js';
import type { Store } from '../../../src/auth/store/store.js';
import type { AuthEvent, ClientSettings, IssuerSettings } from '../../../src/model/auth-settings.js';
import { mountOAuth } from '../../../src/transport/oauth/mount-oauth.js';
import { securityHeaders } from '../../../src/transport/http/security-headers.js';
import { startStandIn, type StandIn } from './stand-in-provider.js';

const day = 24 * 60 * 60_000;
const origin = { file: 'config.yml', line: 1, column: 1 };

/** What a test can change about the server. */
export interface SiteOptions {
  readonly settings?: Partial<IssuerSettings>;
  readonly facts?: Partial<ScopeFacts>;
  readonly clients?: readonly Omit<ClientSettings, 'origin'>[];
  readonly documentGuard?: FetchGuard;
  /** What the server takes for its public address; it is on loopback all the same. */
  readonly baseUrl?: string;
  /** Rejects: the audit log cannot be written. */
  readonly record?: (event: AuthEvent) => Promise<void>;
  readonly providers?: readonly StandIn[];
}

/** The authorization server behind its real routes, on loopback. */
export interface Site {
  readonly url: string;
  readonly mcpUrl: string;
  issuer: Issuer;
  readonly store: Store;
  readonly events: AuthEvent[];
  readonly upstream: StandIn;
  readonly folder: string;
  /** Opens everything but the store's file anew, as another process would. */
  readonly restart: () => Promise<void>;
  readonly close: () => Promise<void>;
}

function settingsOf({ settings = {}, clients = [] }: SiteOptions, names: readonly string[]): IssuerSettings {
  const provider = {
    type: 'oidc' as const,
    clientId: 'mxcp',
    clientSecret: 'upstream-client-secret',
    extraAuthorizeParams: {},
    allowedOrgs: [],
    allowedTeams: [],
    allowedDomains: [],
    exposeToken: false,
    claimMappings: [],
    origin,
  };
  return {
    providers: names.map((name) => ({
      ...provider,
      name,
      callbackPath: `/oauth/callback/${encodeURIComponent(name)}`,
    })),
    clients: clients.map((client) => ({ ...client, origin })),
    registration: true,
    clientMetadataDocuments: true,
    accessTokenTtlMs: 3_600_000,
    refreshTokenTtlMs: 30 * day,
    codeTtlMs: 60_000,
    replayGraceMs: 60_000,
    sessionTtlMs: 30 * day,
    ...settings,
  };
}

/** Starts it. */
export async function openSite(options: SiteOptions = {}): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'mxcp-issuer-'));
  const standIns = options.providers ?? [await startStandIn()];
  const [upstream] = standIns;
  if (upstream === undefined) throw new Error('A site needs a provider');
  const events: AuthEvent[] = [];
  const facts: ScopeFacts = {
    known: ['orders:write', 'tag:hr', 'tag:sales'],
    defaults: [],
    allowed: () => undefined,
    isAdmin: () => false,
    ...options.facts,
  };
  const secret = 'a site secret of the tests';
  const path = join(folder, 'oauth.db');
  const openTheStore = (): Promise<Store> =>
    openStore({ settings: { type: 'sqlite', path }, project: 'test', secret, previousSecrets: [] });

  const app: FastifyInstance = fastify();
  app.removeAllContentTypeParsers();
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(securityHeaders);
    done();
  });
  mountOAuth(app, {
    issuer: () => site.issuer,
    resource: () => resourceMetadata(site.mcpUrl, [site.url], site.issuer.publicScopes, 'test'),
    mcpPath: '/mcp',
    limit: () => Promise.resolve(),
    logger: {
      error: (facts_, text) =>
        events.push({
          event: 'authorization',
          outcome: 'failure',
          reason: text,
          details: { error: JSON.stringify(facts_) },
        }),
    },
  });
  const url = (await app.listen({ host: '127.0.0.1', port: 0 })).replace(/\/$/, '');

  const open = (store: Store): Promise<Issuer> =>
    openIssuer({
      settings: settingsOf(
        options,
        standIns.map(({ provider }) => provider.name),
      ),
      store,
      baseUrl: options.baseUrl ?? url,
      mcpPath: '/mcp',
      secrets: [secret],
      providers: standIns.map(({ provider }) => provider),
      scopes: facts,
      record: options.record ?? ((event) => Promise.resolve(void events.push(event))),
      warn: () => undefined,
      ...(options.documentGuard && { documentGuard: options.documentGuard }),
    });

  let store = await openTheStore();
  const site: Site = {
    url,
    mcpUrl: `${url}/mcp`,
    issuer: await open(store),
    get store() {
      return store;
    },
    events,
    upstream,
    folder,
    restart: async () => {
      await store.close();
      store = await openTheStore();
      site.issuer = await open(store);
    },
    close: async () => {
      await app.close();
      await store.close();
      for (const standIn of standIns) await standIn.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return site;
}
