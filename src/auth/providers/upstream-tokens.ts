import { setTimeout as delay } from 'node:timers/promises';
import { AuthUnavailableError, SignInFailedError, UpstreamRefusedError } from '../../errors.js';
import type { AuthEvent, AuthEventName, ProviderType } from '../../model/auth-settings.js';
import type { Json } from '../../model/json.js';
import type { Store } from '../store/store.js';
import type { Provider, SignIn, UpstreamTokens } from './provider.js';

/** What is kept of one person at one provider; encrypted by the store. Times in milliseconds since the Unix epoch. */
interface Kept {
  readonly tokens: UpstreamTokens;
  readonly connectedAt: number;
  readonly refreshedAt: number;
  /** The provider has refused the tokens: the person must connect again. */
  readonly refused: boolean;
}

/** A provider as the account page shows it to one person. */
export interface Connection {
  readonly provider: string;
  readonly type: ProviderType;
  /** `awaiting`: not connected yet. `error`: the provider does not take the tokens any more. */
  readonly status: 'connected' | 'awaiting' | 'error';
  readonly scopes: readonly string[];
  readonly connectedAt?: number;
  readonly refreshedAt?: number;
}

/** The upstream tokens of people, by `user.key`. Every method rejects as `Store` and `Provider` say. */
export interface UpstreamTokenStore {
  /** Keeps the tokens of a sign-in. At the provider that the person signed in at, it must be the same account. */
  connect(userKey: string, provider: string, signIn: SignIn): Promise<void>;
  /** Forgets them; false when there were none. */
  disconnect(userKey: string, provider: string): Promise<boolean>;
  /** Every configured provider, in the operator's order. */
  connections(userKey: string): Promise<readonly Connection[]>;
  /**
   * Looks at the person again where he signed in: fresh tokens, profile and membership. Concurrent callers share one look.
   * Rejects with `AUTH_UPSTREAM_REFUSED` when he may not any more, or nothing is known of him.
   */
  refresh(userKey: string): Promise<SignIn>;
  /**
   * A token that is good for another minute at least, for the provider that the person signed in at or another connected one.
   * Undefined where the provider does not expose it, or is not connected.
   */
  externalToken(userKey: string, provider?: string): Promise<string | undefined>;
}

/** `record` says what happens, before it is kept. */
export interface UpstreamTokenOptions {
  readonly store: Store;
  readonly providers: readonly Provider[];
  readonly record: (event: AuthEvent) => Promise<void>;
}

const kind = 'upstream';
const lockKind = 'upstream-lock';
/** After this, a person who has not signed in again has to. */
const lifetimeMs = 180 * 24 * 3_600_000;
const aheadMs = 60_000;
/** A process that refreshes has this long; then another one may. */
const lockMs = 30_000;
const pollMs = 50;

const idOf = (userKey: string, provider: string): string => JSON.stringify([provider, userKey]);
const toJson = (kept: Kept): Json => ({ ...kept, tokens: { ...kept.tokens } });
// The store gives back what `toJson` made: it is sealed, so nobody else has written it.
const fromJson = (value: Json): Kept => value as unknown as Kept;

/** Keeps upstream tokens in the store, and refreshes them one at a time per person and provider, on every replica. */
export function createUpstreamTokenStore(options: UpstreamTokenOptions): UpstreamTokenStore {
  const { store, providers, record } = options;
  const running = new Map<string, Promise<SignIn>>();

  function providerCalled(name: string): Provider {
    const provider = providers.find((each) => each.name === name);
    if (provider === undefined)
      throw new UpstreamRefusedError('This identity provider is not configured here');
    return provider;
  }

  function homeOf(userKey: string): Provider {
    return providerCalled(userKey.slice(0, userKey.indexOf('|')));
  }

  function tell(event: AuthEventName, userKey: string, provider: string, reason?: string): Promise<void> {
    const outcome =
      reason === undefined ? ({ outcome: 'success' } as const) : ({ outcome: 'failure', reason } as const);
    return record({ event, userKey, provider, ...outcome });
  }

  async function read(id: string): Promise<Kept | undefined> {
    const value = await store.get(kind, id);
    return value === undefined ? undefined : fromJson(value);
  }

  /** Only what is still there: someone who disconnects meanwhile stays disconnected. */
  async function update(id: string, change: (kept: Kept) => Kept): Promise<void> {
    await store.change(kind, id, (old) => (old === undefined ? undefined : toJson(change(fromJson(old)))));
  }

  async function renew(userKey: string, provider: Provider, kept: Kept): Promise<SignIn> {
    const id = idOf(userKey, provider.name);
    try {
      const signIn = await provider.refresh(kept.tokens);
      await tell('upstream-refresh', userKey, provider.name);
      await update(id, (old) => ({ ...old, tokens: signIn.tokens, refreshedAt: Date.now() }));
      return signIn;
    } catch (error) {
      if (!(error instanceof UpstreamRefusedError)) throw error;
      await tell('upstream-refresh', userKey, provider.name, error.message);
      await update(id, (old) => ({ ...old, refused: true }));
      throw error;
    }
  }

  /** Refresh tokens that rotate are good once: of several replicas, one at a time may use what is kept. */
  async function exclusively<T>(id: string, action: () => Promise<T>): Promise<T> {
    const until = Date.now() + lockMs;
    while (!(await store.putNew(lockKind, id, true, { expiresAt: Date.now() + lockMs }))) {
      if (Date.now() > until)
        throw new AuthUnavailableError('Another process does not finish refreshing a token');
      await delay(pollMs);
    }
    try {
      return await action();
    } finally {
      await store.remove(lockKind, id);
    }
  }

  function renewOnce(userKey: string, provider: Provider): Promise<SignIn> {
    const id = idOf(userKey, provider.name);
    const other = running.get(id);
    if (other !== undefined) return other;
    const renewing = exclusively(id, async () => {
      const kept = await read(id);
      if (kept === undefined || kept.refused)
        throw new UpstreamRefusedError(`The connection to ${provider.name} has ended: sign in again`);
      return renew(userKey, provider, kept);
    }).finally(() => running.delete(id));
    running.set(id, renewing);
    return renewing;
  }

  async function connectionOf(userKey: string, { name, type }: Provider): Promise<Connection> {
    const kept = await read(idOf(userKey, name));
    if (kept === undefined) return { provider: name, type, status: 'awaiting', scopes: [] };
    const { tokens, connectedAt, refreshedAt, refused } = kept;
    const status = refused ? 'error' : 'connected';
    return { provider: name, type, status, scopes: tokens.scopes, connectedAt, refreshedAt };
  }

  return {
    connect: async (userKey, name, { tokens }) => {
      const provider = providerCalled(name);
      if (homeOf(userKey) === provider && userKey !== `${name}|${tokens.subject}`)
        throw new SignInFailedError(`This is another account at ${name} than the one you signed in with`);
      await tell('upstream-connect', userKey, name);
      const now = Date.now();
      const kept = { tokens, connectedAt: now, refreshedAt: now, refused: false };
      await store.put(kind, idOf(userKey, name), toJson(kept), {
        expiresAt: now + lifetimeMs,
        groups: [userKey],
      });
    },
    disconnect: async (userKey, name) => {
      await tell('upstream-disconnect', userKey, name);
      return store.remove(kind, idOf(userKey, name));
    },
    connections: (userKey) => Promise.all(providers.map((provider) => connectionOf(userKey, provider))),
    refresh: async (userKey) => renewOnce(userKey, homeOf(userKey)),
    externalToken: async (userKey, name) => {
      const provider = name === undefined ? homeOf(userKey) : providerCalled(name);
      const kept = provider.exposeToken ? await read(idOf(userKey, provider.name)) : undefined;
      if (kept === undefined) return undefined;
      const { accessToken, expiresAt = Infinity } = kept.tokens;
      if (!kept.refused && expiresAt - Date.now() > aheadMs) return accessToken;
      try {
        return (await renewOnce(userKey, provider)).tokens.accessToken;
      } catch (error) {
        // The provider cannot be reached, and the token is still good.
        if (error instanceof AuthUnavailableError && expiresAt > Date.now()) return accessToken;
        throw error;
      }
    },
  };
}
