import { setTimeout as delay } from 'node:timers/promises';
import type { AuthEvent } from '../../model/auth-settings.js';
import { UpstreamRefusedError } from '../../errors.js';
import type { Provider, UpstreamTokens } from '../providers/provider.js';
import type { Store } from '../store/store.js';
import { connected, personOf, type Account, type Accounts } from './accounts.js';
import { groupOf } from './groups.js';
import { createLease } from './lease.js';

/** What the connections to upstream providers are made of. */
export interface UpstreamParts {
  readonly store: Store;
  readonly accounts: Accounts;
  readonly providers: ReadonlyMap<string, Provider>;
  /** Public address of the account page: where people come back to from signing out at a provider. */
  readonly accountPage: string;
  /** How old the provider's word may be where it cannot be asked again, milliseconds. */
  readonly maxAgeMs: number;
  readonly record: (event: AuthEvent) => Promise<void>;
  readonly warn: (message: string, error: unknown) => void;
}

/** Asks providers about people again after the sign-in. */
export interface Upstream {
  /**
   * The account as the provider sees it now; undefined when the person may not any more, and then all that they granted has
   * ended. Where the provider cannot be asked, its last word counts as long as `maxAgeMs`.
   */
  recheck(key: string): Promise<Account | undefined>;
  /** A token of the provider that works now, refreshed ahead of its end; undefined where there is none to give out. */
  token(key: string): Promise<string | undefined>;
  /** Where a person signs out at the provider too; undefined where it has no such page, or cannot be asked now. */
  logoutUrl(account: Account): Promise<string | undefined>;
  /**
   * Forgets the provider's tokens, and asks the provider to take them back. What that gave is on record; it undoes nothing, and
   * a provider that does not answer is waited for only five seconds.
   */
  disconnect(key: string): Promise<void>;
}

const recheckEveryMs = 60_000;
const refreshAheadMs = 60_000;
const waitStepMs = 100;
const revokeMs = 5_000;
const leaseKind = 'oauth:UpstreamLock';

function endsSoon({ tokens }: Account, aheadMs: number): boolean {
  return tokens?.expiresAt !== undefined && tokens.expiresAt - Date.now() < aheadMs;
}

function canAsk(account: Account): boolean {
  return account.tokens !== undefined && (account.tokens.refreshToken !== undefined || !endsSoon(account, 0));
}

function sameTokens(a: Account, b: Account): boolean {
  const [one, other] = [a.tokens, b.tokens];
  return one?.accessToken === other?.accessToken && one?.refreshToken === other?.refreshToken;
}

/** What a refresh gave beyond what was there. */
function newTokens(tokens: UpstreamTokens, before: UpstreamTokens): UpstreamTokens | undefined {
  const { subject, accessToken, refreshToken, scopes } = tokens;
  if (refreshToken !== before.refreshToken) return tokens;
  return accessToken === before.accessToken ? undefined : { subject, accessToken, scopes };
}

function withoutTokens({ key, provider, profile, signedInAt, checkedAt }: Account): Account {
  return { key, provider, profile, state: 'awaiting', signedInAt, checkedAt };
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const timeout = new AbortController();
  const late = delay(ms, undefined, { signal: timeout.signal }).then(() => {
    throw new Error('It took too long');
  });
  return Promise.race([work, late]).finally(() => timeout.abort());
}

/** Connections over the accounts. Refresh tokens upstream work once, so one process asks at a time about one person. */
export function createUpstream(parts: UpstreamParts): Upstream {
  const { store, accounts, providers, record } = parts;
  const lease = createLease(store, leaseKind, parts.warn);
  const running = new Map<string, Promise<Account | undefined>>();

  /** Of who disconnected while the provider was asked, or signed in again, nothing is changed by what came of it. */
  function note(asked: Account, update: (old: Account) => Account): Promise<Account | undefined> {
    return accounts.change(asked.key, (old) => (sameTokens(old, asked) ? update(old) : old));
  }

  async function refused(account: Account): Promise<Account | undefined> {
    const now = await accounts.find(account.key);
    if (now?.tokens !== undefined && !sameTokens(now, account)) return now;
    await store.removeGroup(groupOf.user(account.key));
    await note(account, withoutTokens);
    const reason = 'the provider, or a rule about its organisations, refuses this person now';
    await record({ ...personOf(account), event: 'upstream-refresh', outcome: 'failure', reason });
    return undefined;
  }

  async function failed(account: Account, error: unknown): Promise<Account | undefined> {
    parts.warn(`The provider ${account.provider} could not be asked about a person`, error);
    const reason = 'the provider could not be asked';
    await record({ ...personOf(account), event: 'upstream-refresh', outcome: 'failure', reason });
    return note(account, (old) => ({ ...old, state: 'error' }));
  }

  async function ask(account: Account, provider: Provider): Promise<Account | undefined> {
    const { tokens } = account;
    if (tokens === undefined) return account;
    try {
      const signIn = await provider.refresh(tokens);
      if (signIn.profile.subject !== account.profile.subject) return await refused(account);
      const now = await note(account, (old) => ({
        ...connected(account.provider, signIn, old),
        signedInAt: old.signedInAt,
      }));
      if (now?.tokens === undefined) {
        const issued = newTokens(signIn.tokens, tokens);
        if (issued !== undefined) await takeBack({ ...account, tokens: issued });
        return now;
      }
      await record({ ...personOf(now), event: 'upstream-refresh', outcome: 'success' });
      return now;
    } catch (error) {
      if (error instanceof UpstreamRefusedError) return refused(account);
      return failed(account, error);
    }
  }

  /** Whoever asked just before has used the refresh token up: then what came of it is the answer. */
  function askOnce(account: Account, provider: Provider): Promise<Account | undefined> {
    const { key, checkedAt } = account;
    const find = (): Promise<Account | undefined> => accounts.find(key);
    const askStill = async (): Promise<Account | undefined> => {
      const now = await find();
      const isStill = now !== undefined && sameTokens(now, account) && now.checkedAt === checkedAt;
      return isStill ? ask(now, provider) : now;
    };
    return lease.alone(key, askStill, find);
  }

  function asked(account: Account, provider: Provider): Promise<Account | undefined> {
    const other = running.get(account.key);
    if (other !== undefined) return other;
    const asking = askOnce(account, provider).finally(() => running.delete(account.key));
    running.set(account.key, asking);
    return asking;
  }

  async function recheck(key: string): Promise<Account | undefined> {
    const account = await accounts.find(key);
    if (account === undefined) return undefined;
    const provider = providers.get(account.provider);
    if (provider === undefined) return refused(account);
    const fresh = Date.now() - account.checkedAt < recheckEveryMs && account.state === 'connected';
    const now = fresh || !canAsk(account) ? account : await asked(account, provider);
    return now !== undefined && Date.now() - now.checkedAt < parts.maxAgeMs ? now : undefined;
  }

  /** Another process may be asking: its answer is soon here. */
  async function refreshed(account: Account, provider: Provider): Promise<Account | undefined> {
    let now = await asked(account, provider);
    for (let waited = 0; now !== undefined && endsSoon(now, 0) && waited < 2_000; waited += waitStepMs) {
      if (now.state !== 'connected') return now;
      await new Promise((resolve) => setTimeout(resolve, waitStepMs));
      now = await accounts.find(account.key);
    }
    return now;
  }

  async function takeBack(account: Account): Promise<void> {
    const provider = providers.get(account.provider);
    if (account.tokens === undefined || provider === undefined) return;
    const event = { ...personOf(account), event: 'upstream-revoke' } as const;
    try {
      const work = provider.revoke(account.tokens);
      if (await within(revokeMs, work)) await record({ ...event, outcome: 'success' });
    } catch (error) {
      parts.warn(`The provider ${account.provider} did not take a token back`, error);
      const reason = 'the provider did not take the tokens back: revoke them there';
      await record({ ...event, outcome: 'failure', reason });
    }
  }

  return {
    recheck,
    token: async (key) => {
      const account = await accounts.find(key);
      const provider = account && providers.get(account.provider);
      if (account?.tokens === undefined || provider?.exposeToken !== true) return undefined;
      const refresh = endsSoon(account, refreshAheadMs) && account.tokens.refreshToken !== undefined;
      const now = refresh ? await refreshed(account, provider) : account;
      return now === undefined || endsSoon(now, 0) ? undefined : now.tokens?.accessToken;
    },
    logoutUrl: async ({ provider: name, tokens }) => {
      try {
        return await providers.get(name)?.logoutUrl(tokens, parts.accountPage);
      } catch (error) {
        parts.warn(`The provider ${name} could not be asked where people sign out`, error);
        return undefined;
      }
    },
    disconnect: async (key) => {
      let last = await accounts.find(key);
      await accounts.change(key, (old) => {
        last = old;
        return withoutTokens(old);
      });
      if (last !== undefined) await takeBack(last);
    },
  };
}
