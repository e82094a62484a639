import type { KeyObject } from 'node:crypto';
import type Library from 'oidc-provider';
import type { AdapterPayload } from 'oidc-provider';
import { ConfigInvalidError, type Problem } from '../../errors.js';
import { addressKey } from '../../lib/address-key.js';
import { deriveKey } from '../../lib/keys.js';
import type { AuthEvent, IssuerSettings } from '../../model/auth-settings.js';
import type { Provider } from '../providers/provider.js';
import type { ScopeFacts } from '../scope-facts.js';
import type { Store } from '../store/store.js';
import { createAccountPage } from './account-page.js';
import { createAccounts } from './accounts.js';
import { createClientStore } from './client-store.js';
import { createBrowsers, resumeInOwnBrowser } from './browsers.js';
import { configureLibrary } from './configure.js';
import { createFormTokens } from './csrf.js';
import { endFormerGrants } from './end-former-grants.js';
import { from } from './exchange.js';
import { createGrants } from './grants.js';
import { createGuardedFetch, type FetchGuard } from './guarded-fetch.js';
import { reuseReason } from './describe-events.js';
import { createHandler } from './handle.js';
import { interactionMs } from './interaction-ms.js';
import { createInteractions } from './interactions.js';
import type { Issuer } from './issuer.js';
import { issuerMetadata } from './metadata.js';
import { connectScope } from './connect-scope.js';
import { forbidOpenRedirects } from './no-open-redirect.js';
import { PageProblem } from './page-problem.js';
import { createSessions } from './sessions.js';
import { createSignIn } from './sign-in.js';
import { createAdapter } from './store-adapter.js';
import { createUpstream } from './upstream.js';
import { createTokenAuthenticator } from './verify-token.js';

/** What the authorization server is opened with. */
export interface IssuerOptions {
  readonly settings: IssuerSettings;
  readonly store: Store;
  /** The public address of this server, without a slash at its end. */
  readonly baseUrl: string;
  /** Path of MCP below it. */
  readonly mcpPath: string;
  /** The site secret, and after it former ones that still verify. */
  readonly secrets: readonly [string, ...string[]];
  readonly providers: readonly Provider[];
  readonly scopes: ScopeFacts;
  readonly record: (event: AuthEvent) => Promise<void>;
  readonly warn: (message: string, error: unknown) => void;
  /** For tests: where client metadata documents may be fetched from. No setting reaches this. */
  readonly documentGuard?: FetchGuard;
}

/** Times that a rotated refresh token works again within the grace: a few. */
const replayTimes = 3;

function keysOf(
  [first, ...others]: readonly [string, ...string[]],
  label: string,
): [KeyObject, ...KeyObject[]] {
  return [deriveKey(first, label), ...others.map((secret) => deriveKey(secret, label))];
}

function replayEvent(
  { accountId, clientId, grantId }: AdapterPayload,
  outcome: AuthEvent['outcome'],
  reason: string,
): AuthEvent {
  return {
    event: 'token-replay',
    outcome,
    reason,
    ...(accountId !== undefined && { userKey: accountId }),
    ...(clientId !== undefined && { clientId }),
    ...(grantId !== undefined && { sessionId: grantId }),
  };
}

async function checkClients(library: Library, { clients }: IssuerSettings): Promise<void> {
  const problems: Problem[] = [];
  for (const { clientId, origin } of clients) {
    try {
      await library.Client.find(clientId);
    } catch (error) {
      const why = error instanceof Error && 'error_description' in error ? error.error_description : error;
      const message = `The client "${clientId}" cannot be used: ${String(why)}`;
      problems.push({ severity: 'error', rule: 'wrong-client', message, origin });
    }
  }
  if (problems.length > 0) throw new ConfigInvalidError(problems);
}

/** Opens the authorization server. Throws `CONFIG_INVALID` when a client of the operator's cannot be used. */
export async function openIssuer(options: IssuerOptions): Promise<Issuer> {
  const { settings, store, baseUrl, record, warn, scopes: facts } = options;
  const base = new URL(baseUrl);
  const mcpUrl = baseUrl + options.mcpPath;
  const secure = base.protocol === 'https:';
  const cookie = { path: base.pathname.replace(/\/?$/, '/'), secure };
  const ofOperator = new Set(settings.clients.map(({ clientId }) => clientId));
  const callbacks = new Map(settings.providers.map(({ name, callbackPath }) => [name, callbackPath]));
  const callbackPath = (name: string): string => callbacks.get(name) ?? '';

  const accounts = createAccounts(store, settings.refreshTokenTtlMs + settings.sessionTtlMs);
  const grants = createGrants(store);
  const providers = new Map(options.providers.map((provider) => [provider.name, provider]));
  const shared = { store, accounts, providers, record, warn };
  const upstream = createUpstream({
    ...shared,
    accountPage: `${baseUrl}/oauth`,
    maxAgeMs: settings.sessionTtlMs,
  });
  const formTokens = createFormTokens(keysOf(options.secrets, 'oauth-forms'));
  const handler = createHandler({ base, accounts, record, warn });
  const registeredFrom = (): string => addressKey(handler.address());
  const clients = createClientStore(store, 2 * settings.refreshTokenTtlMs, registeredFrom);
  const replays = {
    graceMs: settings.replayGraceMs,
    times: replayTimes,
    onReplay: (token: AdapterPayload) => {
      const reason = 'a rotated refresh token came again soon after: it got a working pair';
      handler.collect(replayEvent(token, 'success', reason));
    },
    onReuse: (token: AdapterPayload) => handler.collect(replayEvent(token, 'failure', reuseReason)),
  };

  const browsers = createBrowsers(store, cookie, interactionMs);
  const library = configureLibrary({
    settings,
    facts,
    baseUrl,
    mcpUrl,
    cookie,
    cookieKeys: keysOf(options.secrets, 'oauth-cookies').map((key) => key.export().toString('base64url')),
    fetch: createGuardedFetch(options.documentGuard),
    adapter: (model) => (model === 'Client' ? clients.adapter : createAdapter(model, store, replays)),
    stands: async (key, ask) => {
      const account = await (ask ? upstream.recheck(key) : accounts.find(key));
      return account !== undefined && account.state !== 'awaiting';
    },
    browsers,
    asked: (clientId) => clients.ask(clientId),
    errorPage: handler.errorPage,
  });
  handler.guard(library);
  resumeInOwnBrowser(library, browsers);
  forbidOpenRedirects(library, {
    ofOperator,
    letIn: async (userKey, clientId) =>
      (await grants.list(userKey)).some((each) => each.clientId === clientId),
    errorPage: handler.errorPage,
  });
  endFormerGrants(library, grants);
  await checkClients(library, settings);
  const sessions = createSessions({ library, store, accounts, base, cookie, ttlMs: settings.sessionTtlMs });
  const publicScopes = [...new Set([connectScope, ...facts.defaults])];

  return {
    baseUrl,
    metadata: issuerMetadata({ ...settings, baseUrl, scopes: publicScopes }),
    publicScopes,
    choices: options.providers.map(({ name, type }) => ({ name, type, callbackPath: callbackPath(name) })),
    authenticator: createTokenAuthenticator({ store, accounts, grants, mcpUrl }),
    interactions: createInteractions({
      library,
      store,
      accounts,
      grants,
      facts,
      formTokens,
      browsers,
      ofOperator,
      mcpUrl,
      base,
      grantTtlMs: settings.refreshTokenTtlMs,
      record,
      onClientUsed: (clientId) => clients.use(clientId),
    }),
    signIn: createSignIn({ ...shared, library, sessions, callbackPath, baseUrl, cookie }),
    account: createAccountPage({ store, accounts, grants, sessions, upstream, facts, formTokens, record }),
    refuseForeign: async (exchange) => {
      const reason = 'a page of another site sent the form';
      await record(from(exchange, { event: 'authorization', outcome: 'failure', reason }));
      throw new PageProblem(403, 'Nothing was changed', 'The form came from a page of another site.');
    },
    handle: handler.attach(library),
    externalToken: (userKey) => upstream.token(userKey),
  };
}
