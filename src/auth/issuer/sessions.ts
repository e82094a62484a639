import type Library from 'oidc-provider';
import type { Store } from '../store/store.js';
import type { Account, Accounts } from './accounts.js';
import { asPublic, type Exchange } from './exchange.js';
import { groupOf } from './groups.js';
import { collectionOf } from './collection.js';
import { kindOf } from './store-adapter.js';

/** Who is signed in at this browser. */
export interface BrowserSession {
  /** Names the session on pages; gives no access. */
  readonly uid: string;
  readonly account: Account;
}

/** A browser session as the account page shows it. Times in milliseconds since the Unix epoch. */
export interface SessionRecord {
  readonly uid: string;
  readonly userKey: string;
  readonly signedInAt: number;
  readonly expiresAt: number;
}

/** Browser sessions: the library's own, so that authorization requests and pages agree about who is signed in. */
export interface Sessions {
  current(exchange: Exchange): Promise<BrowserSession | undefined>;
  /** Signs a person in under a new session id, whoever was signed in before. */
  start(exchange: Exchange, account: Account): Promise<BrowserSession>;
  end(exchange: Exchange): Promise<void>;
  /** Of one person, or of everybody. */
  list(userKey?: string): Promise<readonly SessionRecord[]>;
  /** Whose session it is; undefined when there is none, or nobody is signed in there. */
  ownerOf(uid: string): Promise<string | undefined>;
  revoke(uid: string): Promise<void>;
}

/** What the sessions are made of. */
export interface SessionParts {
  readonly library: Library;
  readonly store: Store;
  readonly accounts: Accounts;
  readonly base: URL;
  readonly cookie: { readonly path: string; readonly secure: boolean };
  readonly ttlMs: number;
}

interface Payload {
  readonly uid: string;
  readonly accountId?: string;
  readonly loginTs?: number;
  readonly iat: number;
  readonly exp: number;
}

/** Sessions in the store, found by a signed cookie. */
export function createSessions({ library, store, accounts, base, cookie, ttlMs }: SessionParts): Sessions {
  const kept = collectionOf<Payload>(store, kindOf('Session'));
  const name = library.cookieName('session');
  const options = { ...cookie, httpOnly: true, sameSite: 'lax', signed: true, overwrite: true } as const;

  function contextOf(exchange: Exchange): ReturnType<Library['createContext']> {
    asPublic(exchange, base);
    return library.createContext(exchange.request, exchange.response);
  }

  return {
    current: async (exchange) => {
      const { uid, accountId } = await library.Session.get(contextOf(exchange));
      const account = accountId === undefined ? undefined : await accounts.find(accountId);
      return account && { uid, account };
    },
    start: async (exchange, account) => {
      const context = contextOf(exchange);
      const before = await library.Session.get(context);
      await before.destroy();
      const session = new library.Session();
      session.loginAccount({ accountId: account.key });
      await session.save(Math.floor(ttlMs / 1000));
      context.cookies.set(name, session.jti, { ...options, maxAge: ttlMs });
      return { uid: session.uid, account };
    },
    end: async (exchange) => {
      const context = contextOf(exchange);
      const session = await library.Session.get(context);
      await session.destroy();
      context.cookies.set(name, null, options);
    },
    list: async (userKey) => {
      const found = await kept.list(userKey === undefined ? undefined : groupOf.user(userKey));
      return found.flatMap(({ uid, accountId, loginTs, iat, exp }) => {
        if (accountId === undefined) return [];
        return [{ uid, userKey: accountId, signedInAt: (loginTs ?? iat) * 1000, expiresAt: exp * 1000 }];
      });
    },
    ownerOf: async (uid) => (await library.Session.findByUid(uid))?.accountId,
    revoke: async (uid) => {
      const session = await library.Session.findByUid(uid);
      await session?.destroy();
    },
  };
}
