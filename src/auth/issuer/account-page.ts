import type { AuthEvent, AuthEventName } from '../../model/auth-settings.js';
import type { ScopeFacts } from '../scope-facts.js';
import type { Store } from '../store/store.js';
import { identityOf, personOf, type Account, type Accounts } from './accounts.js';
import type { FormTokens } from './csrf.js';
import { from, type Exchange } from './exchange.js';
import type { GrantRecord, Grants } from './grants.js';
import { groupOf } from './groups.js';
import { PageProblem } from './page-problem.js';
import type { BrowserSession, SessionRecord, Sessions } from './sessions.js';
import type { Upstream } from './upstream.js';

/** What the signed-in person sees at `/oauth`; holders of `mxcp:admin` see everybody's. */
export interface AccountView {
  readonly account: Account;
  readonly sessionUid: string;
  readonly admin: boolean;
  readonly formToken: string;
  readonly grants: readonly GrantRecord[];
  readonly sessions: readonly (SessionRecord & { readonly username: string })[];
  readonly connections: readonly Account[];
  /** Of each list this is the page with this number, from 1; the newest entries are on the first. */
  readonly page: number;
  /** One of the lists goes on. */
  readonly more: boolean;
}

/** What the account page's forms do; the value names what they do it to. */
export type AccountAction =
  'revoke-grant' | 'revoke-session' | 'revoke-everything' | 'disconnect' | 'sign-out';

const events: ReadonlyMap<unknown, AuthEventName> = new Map<AccountAction, AuthEventName>([
  ['revoke-grant', 'grant-revoke'],
  ['revoke-session', 'session-revoke'],
  ['revoke-everything', 'grant-revoke'],
  ['disconnect', 'upstream-disconnect'],
  ['sign-out', 'sign-out'],
]);

/** One button of the account page. */
export interface AccountForm {
  readonly formToken: unknown;
  readonly action: unknown;
  readonly target: unknown;
}

/** What the account page is made of. */
export interface AccountPageParts {
  readonly store: Store;
  readonly accounts: Accounts;
  readonly grants: Grants;
  readonly sessions: Sessions;
  readonly upstream: Upstream;
  readonly facts: ScopeFacts;
  readonly formTokens: FormTokens;
  readonly record: (event: AuthEvent) => Promise<void>;
}

/** Where somebody who signed out here can sign out of the provider, too. */
export interface Farewell {
  readonly provider: string;
  readonly href: string;
}

/** The account page's steps. */
export interface AccountPage {
  /** Undefined: nobody is signed in at this browser. `page` counts from 1. */
  view(exchange: Exchange, page: number): Promise<AccountView | undefined>;
  /** Gives what is left to do at the provider, after a sign-out. Throws `PageProblem`. */
  act(exchange: Exchange, form: AccountForm): Promise<Farewell | undefined>;
}

const pageRows = 100;
const tokenPlace = (uid: string): string => `account:${uid}`;

function notYours(): PageProblem {
  return new PageProblem(
    404,
    'Nothing was changed',
    'There is no such entry among those that you may change.',
    {
      next: { href: 'oauth', label: 'Back to your account' },
    },
  );
}

/** The account page over everything that a person has here. */
export function createAccountPage(parts: AccountPageParts): AccountPage {
  const { store, accounts, grants, sessions, upstream, facts, formTokens, record } = parts;

  function isAdmin(account: Account): boolean {
    const connected = account.state !== 'awaiting';
    return connected && facts.isAdmin(identityOf(account, { scopes: [], clientId: null }));
  }

  /** Whoever may see and end what is others' is one whom the provider still vouches for. */
  async function current(exchange: Exchange): Promise<BrowserSession | undefined> {
    const session = await sessions.current(exchange);
    if (session === undefined || !isAdmin(session.account)) return session;
    const account = await upstream.recheck(session.account.key);
    return account && { ...session, account };
  }

  function note(exchange: Exchange, { account, uid }: BrowserSession, event: AuthEvent): Promise<void> {
    return record(from(exchange, { ...personOf(account), sessionId: uid, ...event }));
  }

  /** The person that an entry belongs to, when this one may change it. */
  function ownerOf(session: BrowserSession, owner: string | undefined): string {
    if (owner === undefined) throw notYours();
    if (owner !== session.account.key && !isAdmin(session.account)) throw notYours();
    return owner;
  }

  type Step = (exchange: Exchange, session: BrowserSession, target: string) => Promise<Farewell | undefined>;
  const steps: Record<AccountAction, Step> = {
    'revoke-grant': async (exchange, session, target) => {
      const grant = await grants.find(target);
      const owner = ownerOf(session, grant?.userKey);
      if (grant === undefined) throw notYours();
      const { id, clientId, clientName, scopes } = grant;
      const event = { event: 'grant-revoke', outcome: 'success', clientId, clientName, scopes } as const;
      await note(exchange, session, { ...event, details: { owner, grant: id } });
      await grants.revoke(grant);
    },
    'revoke-session': async (exchange, session, target) => {
      const owner = ownerOf(session, await sessions.ownerOf(target));
      await note(exchange, session, {
        event: 'session-revoke',
        outcome: 'success',
        details: { owner, target },
      });
      await sessions.revoke(target);
    },
    'revoke-everything': async (exchange, session, target) => {
      const owner = ownerOf(session, (await accounts.find(target))?.key);
      const details = { owner, everything: true };
      await note(exchange, session, { event: 'grant-revoke', outcome: 'success', details });
      await store.removeGroup(groupOf.user(owner));
      // Who signs out everywhere stays connected; whom somebody else ends does not.
      if (owner !== session.account.key) await upstream.disconnect(owner);
    },
    disconnect: async (exchange, session, target) => {
      const owner = ownerOf(session, (await accounts.find(target))?.key);
      await note(exchange, session, { event: 'upstream-disconnect', outcome: 'success', details: { owner } });
      await upstream.disconnect(owner);
    },
    'sign-out': async (exchange, session) => {
      await note(exchange, session, { event: 'sign-out', outcome: 'success' });
      await sessions.end(exchange);
      const { account } = session;
      const href = await upstream.logoutUrl(account);
      return href === undefined ? undefined : { provider: account.provider, href };
    },
  };

  function stepOf(action: unknown): Step | undefined {
    return new Map<unknown, Step>(Object.entries(steps)).get(action);
  }

  async function refuse(
    exchange: Exchange,
    session: BrowserSession | undefined,
    action: unknown,
    reason: string,
  ): Promise<void> {
    const event = { event: events.get(action) ?? 'authorization', outcome: 'failure', reason } as const;
    await (session === undefined ? record(from(exchange, event)) : note(exchange, session, event));
  }

  return {
    view: async (exchange, page) => {
      const session = await current(exchange);
      if (session === undefined) return undefined;
      const { account, uid } = session;
      const admin = isAdmin(account);
      const whose = admin ? undefined : account.key;
      const [allGrants, allSessions, people] = await Promise.all([
        grants.list(whose),
        sessions.list(whose),
        admin ? accounts.list() : [account],
      ]);
      const names = new Map(people.map(({ key, profile }) => [key, profile.username ?? profile.userId]));
      const named = allSessions.map((each) => ({
        ...each,
        username: names.get(each.userKey) ?? each.userKey,
      }));
      const pageOf = <T>(rows: readonly T[], when: (row: T) => number): readonly T[] =>
        rows.toSorted((a, b) => when(b) - when(a)).slice((page - 1) * pageRows, page * pageRows);
      return {
        account,
        sessionUid: uid,
        admin,
        formToken: formTokens.make(tokenPlace(uid)),
        grants: pageOf(allGrants, ({ createdAt }) => createdAt),
        sessions: pageOf(named, ({ signedInAt }) => signedInAt),
        connections: pageOf(people, ({ signedInAt }) => signedInAt),
        page,
        more: Math.max(allGrants.length, allSessions.length, people.length) > page * pageRows,
      };
    },
    act: async (exchange, { formToken, action, target }) => {
      const session = await current(exchange);
      if (session === undefined || !formTokens.check(tokenPlace(session.uid), formToken)) {
        await refuse(exchange, session, action, 'nobody is signed in, or the form is not of this session');
        const why = 'You are signed out, or the form is not one that this server made for you.';
        const next = { href: 'oauth', label: 'Back to your account' };
        throw new PageProblem(400, 'Nothing was changed', why, { next });
      }
      const step = stepOf(action);
      try {
        if (step === undefined) throw notYours();
        return await step(exchange, session, typeof target === 'string' ? target : '');
      } catch (error) {
        if (error instanceof PageProblem) {
          await refuse(exchange, session, action, 'there is no such entry that this person may change');
        }
        throw error;
      }
    },
  };
}
