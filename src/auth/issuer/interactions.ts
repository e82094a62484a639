import type Library from 'oidc-provider';
import type { AuthEvent } from '../../model/auth-settings.js';
import type { ScopeFacts } from '../scope-facts.js';
import type { Store } from '../store/store.js';
import { identityOf, personOf, type Account, type Accounts } from './accounts.js';
import type { Browsers } from './browsers.js';
import { clientFacts, type ClientFacts } from './client-facts.js';
import type { FormTokens } from './csrf.js';
import { asPublic, from, type Exchange } from './exchange.js';
import type { Grants } from './grants.js';
import { groupOf } from './groups.js';
import { collectionOf } from './collection.js';
import { PageProblem } from './page-problem.js';
import { connectScope } from './connect-scope.js';
import { grantScopes } from './request-scopes.js';
import { scopeWords } from './scope-words.js';

/** A scope on the consent page. */
export interface OfferedScope {
  readonly scope: string;
  readonly words: string;
}

/** What the browser is shown while an authorization request waits for a person. */
export type InteractionView =
  | {
      readonly kind: 'sign-in';
      readonly uid: string;
      readonly client: ClientFacts;
      readonly formToken: string;
    }
  | {
      readonly kind: 'consent';
      readonly uid: string;
      readonly client: ClientFacts;
      readonly account: Account;
      /** Beyond `mcp`, which is always granted. */
      readonly offered: readonly OfferedScope[];
      /** Asked for, and not allowed by this person's roles. */
      readonly withheld: readonly OfferedScope[];
      readonly formToken: string;
    }
  | { readonly kind: 'redirect'; readonly location: string };

/** What a person decided on the consent page, as the form sends it. */
export interface ConsentForm {
  readonly formToken: unknown;
  readonly allow: boolean;
  readonly scopes: readonly string[];
  readonly remember: boolean;
}

/** What interactions are made of. */
export interface InteractionParts {
  readonly library: Library;
  readonly store: Store;
  readonly accounts: Accounts;
  readonly grants: Grants;
  readonly facts: ScopeFacts;
  readonly formTokens: FormTokens;
  readonly browsers: Browsers;
  readonly ofOperator: ReadonlySet<string>;
  readonly mcpUrl: string;
  readonly base: URL;
  readonly grantTtlMs: number;
  readonly record: (event: AuthEvent) => Promise<void>;
  /** Runs when somebody let a client in: it is in use from now on. */
  readonly onClientUsed: (clientId: string) => Promise<void>;
}

/**
 * The steps of an authorization request that need a person. `uid`: of the request, from the URL; only the browser that sent the
 * request may go on with it. All throw `PageProblem`.
 */
export interface Interactions {
  view(exchange: Exchange, uid: string): Promise<InteractionView>;
  /** Gives where the browser goes next. */
  decide(exchange: Exchange, uid: string, form: ConsentForm): Promise<string>;
}

type Interaction = Awaited<ReturnType<Library['interactionDetails']>>;

/** An authorization request that waits, and who waits. */
interface Waiting {
  readonly interaction: Interaction;
  readonly client: ClientFacts;
  readonly asked: readonly string[];
}

const rememberedKind = 'oauth:Remembered';
const tokenPlace = (uid: string): string => `interaction:${uid}`;

function expired(cause?: unknown): PageProblem {
  return new PageProblem(
    400,
    'The request has expired',
    'It took too long, was finished before, or was started in another browser. Go back to the application and connect again.',
    { cause },
  );
}

const words = (scopes: readonly string[]): OfferedScope[] =>
  scopes.map((scope) => ({ scope, words: scopeWords(scope) }));

/** Interactions over the library's: the sign-in page, the consent page, and what follows from them. */
export function createInteractions(parts: InteractionParts): Interactions {
  const { library, accounts, grants, facts, formTokens, record } = parts;
  const memories = collectionOf<readonly string[]>(parts.store, rememberedKind);

  async function waiting(exchange: Exchange, uid: string): Promise<Waiting> {
    asPublic(exchange, parts.base);
    const { request, response } = exchange;
    const interaction = await library.interactionDetails(request, response).catch((error: unknown) => {
      throw expired(error);
    });
    // The library goes by a cookie alone, which a neighbour of this host could have set: neither a link to somebody else's request
    // nor a cookie of it must do for one of this browser's own.
    const { cookies } = library.createContext(request, response);
    if (interaction.uid !== uid || !(await parts.browsers.isOf(cookies, uid))) throw expired();
    const { client_id: id, redirect_uri: uri, scope } = interaction.params;
    const client = typeof id === 'string' ? await library.Client.find(id) : undefined;
    if (client === undefined || typeof uri !== 'string' || typeof scope !== 'string') throw expired();
    return { interaction, client: clientFacts(client, uri, parts.ofOperator), asked: scope.split(' ') };
  }

  /** Who disconnected while the page was open has to sign in again before anything follows from it. */
  async function accountOf({ interaction }: Waiting): Promise<Account> {
    const account = await accounts.find(interaction.session?.accountId ?? '');
    if (account === undefined || account.state === 'awaiting') throw expired();
    return account;
  }

  function allowedFor(account: Account): readonly string[] | undefined {
    return facts.allowed(identityOf(account, { scopes: [], clientId: null }));
  }

  function event(
    exchange: Exchange,
    { client }: Waiting,
    account: Account | undefined,
    rest: AuthEvent,
  ): AuthEvent {
    const { id: clientId, name: clientName } = client;
    return from(exchange, { ...rest, clientId, clientName, ...(account && personOf(account)) });
  }

  function memoryOf({ client, asked }: Waiting, { key }: Account): string {
    return JSON.stringify([key, client.id, client.redirectHost, asked.toSorted()]);
  }

  async function remembered(now: Waiting, account: Account): Promise<readonly string[] | undefined> {
    const prompt = now.interaction.params['prompt'];
    const mustAsk = typeof prompt === 'string' && prompt.split(' ').includes('consent');
    if (!now.client.proved || mustAsk) return undefined;
    return memories.get(memoryOf(now, account));
  }

  async function give(
    exchange: Exchange,
    now: Waiting,
    account: Account,
    scopes: readonly string[],
    details: Record<string, boolean>,
  ): Promise<string> {
    const { client } = now;
    await record(event(exchange, now, account, { event: 'consent', outcome: 'success', scopes, details }));
    const grant = new library.Grant({ accountId: account.key, clientId: client.id });
    grant.addResourceScope(parts.mcpUrl, [...scopes]);
    const createdAt = Date.now();
    const grantId = await grants.add(
      {
        id: await grant.save(),
        userKey: account.key,
        username: account.profile.username ?? account.profile.userId,
        clientId: client.id,
        clientName: client.name,
        redirectHost: client.redirectHost,
        scopes,
        createdAt,
        // Where nobody was asked, nothing ends before the client shows that the request was its own.
        ...(details['from_memory'] === true && { unasked: true }),
      },
      createdAt + parts.grantTtlMs,
      now.interaction.uid,
    );
    await parts.onClientUsed(client.id);
    const { request, response } = exchange;
    return library.interactionResult(request, response, { consent: { grantId } });
  }

  /**
   * Answers from memory with the grant that is there, where it is the same. Anybody's link leads a browser through here, and must
   * not end the tokens that the client has.
   */
  async function repeat(
    exchange: Exchange,
    now: Waiting,
    account: Account,
    scopes: readonly string[],
  ): Promise<string> {
    const { id: clientId, redirectHost } = now.client;
    const wanted = scopes.toSorted().join(' ');
    const former = (await grants.list(account.key)).find(
      (each) =>
        each.clientId === clientId &&
        each.redirectHost === redirectHost &&
        each.scopes.toSorted().join(' ') === wanted,
    );
    const details = { from_memory: true };
    if (former === undefined || (await library.Grant.find(former.id)) === undefined)
      return give(exchange, now, account, scopes, details);
    await record(event(exchange, now, account, { event: 'consent', outcome: 'success', scopes, details }));
    const { request, response } = exchange;
    return library.interactionResult(request, response, { consent: { grantId: former.id } });
  }

  async function deny(exchange: Exchange, now: Waiting): Promise<string> {
    const account = await accounts.find(now.interaction.session?.accountId ?? '');
    const reason = 'the person denied it';
    await record(event(exchange, now, account, { event: 'consent', outcome: 'failure', reason }));
    return library.interactionResult(exchange.request, exchange.response, {
      error: 'access_denied',
      error_description: 'the person denied the request',
    });
  }

  async function allow(exchange: Exchange, now: Waiting, form: ConsentForm): Promise<string> {
    const account = await accountOf(now);
    if (form.scopes.some((scope) => !now.asked.includes(scope))) {
      const reason = 'the form had scopes that the client did not ask for';
      await record(event(exchange, now, account, { event: 'scope-escalation', outcome: 'failure', reason }));
      throw new PageProblem(
        400,
        'Nothing was granted',
        'The form had scopes that the application did not ask for.',
      );
    }
    const scopes = grantScopes(now.asked, form.scopes, allowedFor(account));
    const remember = form.remember && now.client.proved;
    if (remember) {
      const expiresAt = Date.now() + parts.grantTtlMs;
      const groups = [
        groupOf.remembered(account.key, now.client.id),
        groupOf.user(account.key),
        groupOf.client(now.client.id),
      ];
      await memories.put(memoryOf(now, account), scopes, { expiresAt, groups });
    }
    return give(exchange, now, account, scopes, { remembered: remember });
  }

  return {
    view: async (exchange, uid) => {
      const now = await waiting(exchange, uid);
      const { interaction, client, asked } = now;
      const formToken = formTokens.make(tokenPlace(uid));
      if (interaction.prompt.name === 'login') return { kind: 'sign-in', uid, client, formToken };
      const account = await accountOf(now);
      const memory = await remembered(now, account);
      const allowed = allowedFor(account);
      if (memory !== undefined) {
        const scopes = grantScopes(asked, memory, allowed);
        return { kind: 'redirect', location: await repeat(exchange, now, account, scopes) };
      }
      const mayHave = new Set(grantScopes(asked, asked, allowed));
      const further = asked.filter((scope) => scope !== connectScope);
      return {
        kind: 'consent',
        uid,
        client,
        account,
        offered: words(further.filter((scope) => mayHave.has(scope))),
        withheld: words(further.filter((scope) => !mayHave.has(scope))),
        formToken,
      };
    },
    decide: async (exchange, uid, form) => {
      const now = await waiting(exchange, uid);
      if (!formTokens.check(tokenPlace(uid), form.formToken)) {
        const reason = 'the form is not one that this server made for this request';
        await record(event(exchange, now, undefined, { event: 'consent', outcome: 'failure', reason }));
        throw new PageProblem(
          400,
          'Nothing was granted',
          'The form is not one that this server made for you.',
        );
      }
      if (!form.allow) return deny(exchange, now);
      if (now.interaction.prompt.name !== 'consent') throw expired();
      return allow(exchange, now, form);
    },
  };
}
