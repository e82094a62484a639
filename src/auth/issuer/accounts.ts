import type { VerifiedIdentity } from '../identity.js';
import type { AuthEvent } from '../../model/auth-settings.js';
import { toClaims } from '../claims.js';
import type { Profile, SignIn, UpstreamTokens } from '../providers/provider.js';
import type { PutOptions, Store } from '../store/store.js';
import { collectionOf } from './collection.js';

/** `connected`: the provider's tokens are here. `awaiting`: somebody has to sign in again. `error`: the provider failed last. */
export type ConnectionState = 'connected' | 'awaiting' | 'error';

/** A person who signed in here: the provider's word, as of `checkedAt`. Times in milliseconds since the Unix epoch. */
export interface Account {
  readonly key: string;
  readonly provider: string;
  readonly profile: Profile;
  readonly tokens?: UpstreamTokens;
  readonly state: ConnectionState;
  readonly signedInAt: number;
  readonly checkedAt: number;
}

/** What an access token adds to a person. */
export interface Credential {
  readonly scopes: readonly string[];
  readonly clientId: string | null;
  readonly sessionId?: string;
  readonly expiresAt?: number;
}

const kind = 'oauth:Account';

/** `user.key`: unique across providers. */
export function accountKey(provider: string, { subject }: Profile): string {
  return `${provider}|${subject}`;
}

/** Who is calling, from an account and what the credential may do. */
export function identityOf(account: Account, credential: Credential): VerifiedIdentity {
  const { claims, ...profile } = account.profile;
  return {
    ...profile,
    source: 'verified',
    provider: account.provider,
    issuer: null,
    key: account.key,
    claims: toClaims(claims),
    ...credential,
  };
}

/** Who an event is about. */
export function personOf({
  key,
  provider,
  profile,
}: Account): Pick<AuthEvent, 'userKey' | 'userId' | 'username' | 'provider'> {
  const { userId, username } = profile;
  return { userKey: key, userId, provider, ...(username !== null && { username }) };
}

/** A person as the provider says now; providers that give a refresh token only once give none at the second sign-in. */
export function connected(provider: string, { profile, tokens }: SignIn, before?: Account): Account {
  const now = Date.now();
  const refreshToken = tokens.refreshToken ?? before?.tokens?.refreshToken;
  return {
    key: accountKey(provider, profile),
    provider,
    profile,
    tokens: { ...tokens, ...(refreshToken !== undefined && { refreshToken }) },
    state: 'connected',
    signedInAt: now,
    checkedAt: now,
  };
}

/** The people who signed in. */
export interface Accounts {
  find(key: string): Promise<Account | undefined>;
  /** Keeps what a sign-in gave; a person has one account per provider, the newest word of the provider counts. */
  save(provider: string, signIn: SignIn): Promise<Account>;
  /** Changes what is kept, when it is still kept. `update` is as for `Store.change`. */
  change(key: string, update: (account: Account) => Account): Promise<Account | undefined>;
  list(): Promise<readonly Account[]>;
}

/** Accounts in the store; one that nothing was done with for `ttlMs` is forgotten. */
export function createAccounts(store: Store, ttlMs: number): Accounts {
  const kept = collectionOf<Account>(store, kind);

  const options = (): PutOptions => ({ expiresAt: Date.now() + ttlMs });

  return {
    find: (key) => kept.get(key),
    save: async (provider, signIn) => {
      const key = accountKey(provider, signIn.profile);
      const before = await kept.get(key);
      const account = connected(provider, signIn, before);
      await kept.put(key, account, options());
      return account;
    },
    change: (key, update) => kept.change(key, update, options()),
    list: () => kept.list(),
  };
}
