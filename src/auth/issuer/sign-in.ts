import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type Library from 'oidc-provider';
import type { AuthEvent } from '../../model/auth-settings.js';
import { SignInFailedError, UpstreamRefusedError } from '../../errors.js';
import type { Provider, SignIn } from '../providers/provider.js';
import type { Store } from '../store/store.js';
import { connected, personOf, type Account, type Accounts } from './accounts.js';
import { asPublic, from, type Exchange } from './exchange.js';
import { hostCookie, type CookiePlace } from './browsers.js';
import { collectionOf } from './collection.js';
import { PageProblem } from './page-problem.js';
import type { Sessions } from './sessions.js';

/** What signing in upstream is made of. */
export interface SignInParts {
  readonly library: Library;
  readonly store: Store;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly providers: ReadonlyMap<string, Provider>;
  /** Path of a provider's callback on this server. */
  readonly callbackPath: (provider: string) => string;
  readonly baseUrl: string;
  readonly cookie: CookiePlace;
  readonly record: (event: AuthEvent) => Promise<void>;
  readonly warn: (message: string, error: unknown) => void;
}

/** Sign-in at an upstream provider, in two steps. Both give where the browser goes next, and throw `PageProblem`. */
export interface UpstreamSignIn {
  /** `interaction`: the authorization request that waits for it; absent: the account page. */
  begin(exchange: Exchange, provider: string, interaction?: string): Promise<string>;
  /** `path`: of the callback; `query`: what the provider sent. */
  finish(exchange: Exchange, path: string, query: Readonly<Record<string, unknown>>): Promise<string>;
}

/** What is kept while the browser is at the provider. */
interface Pending {
  readonly provider: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** SHA-256 of the cookie that binds the state to one browser. */
  readonly browser: string;
  readonly interaction?: string;
}

const kind = 'oauth:SignInState';
const pendingMs = 10 * 60_000;

const random = (): string => randomBytes(32).toString('base64url');
const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** A cookie for each state: several tabs can sign in at once. */
function cookieOf(state: string, place: CookiePlace): string {
  return hostCookie(`mxcp_signin_${sha256(state).slice(0, 12)}`, place);
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= 4_096 ? value : undefined;
}

/** An error code of RFC 6749, section 4.1.2.1; anything else comes from the browser, and is not repeated. */
function errorCode(value: unknown): string {
  return typeof value === 'string' && /^[a-z_]{1,40}$/.test(value) ? value : 'something else';
}

/** Sign-in over the providers. State, nonce and verifier stay on the server, once each, for ten minutes. */
export function createSignIn(parts: SignInParts): UpstreamSignIn {
  const { library, accounts, sessions, providers, baseUrl, cookie, record } = parts;
  const waiting = collectionOf<Pending>(parts.store, kind);
  const base = new URL(baseUrl);
  const accountPage = `${baseUrl}/oauth`;

  function retryOf({ interaction }: Pending): { href: string; label: string } {
    const href = interaction === undefined ? accountPage : `${baseUrl}/oauth/interaction/${interaction}`;
    return { href, label: 'Try again' };
  }

  async function refuse(exchange: Exchange, provider: string, reason: string): Promise<void> {
    await record(from(exchange, { event: 'sign-in', outcome: 'failure', reason, provider }));
  }

  async function wrongState(exchange: Exchange, provider: string): Promise<never> {
    await refuse(exchange, provider, 'the state is unknown, was used, has expired, or is of another browser');
    throw new PageProblem(
      400,
      'This sign-in cannot be finished',
      'It was finished before, took longer than ten minutes, or was started in another browser. ' +
        'Go back to the application that you came from and connect again.',
      { next: { href: accountPage, label: 'Your account on this server' } },
    );
  }

  async function takePending(exchange: Exchange, path: string, state: string | undefined): Promise<Pending> {
    asPublic(exchange, base);
    const { cookies } = library.createContext(exchange.request, exchange.response);
    const pending = state === undefined ? undefined : await waiting.take(state);
    if (state === undefined || pending === undefined) return wrongState(exchange, 'unknown');
    const name = cookieOf(state, cookie);
    const browser = cookies.get(name, { signed: true });
    cookies.set(name, null, { ...cookie, httpOnly: true, sameSite: 'lax', signed: true });
    const own = browser !== undefined && sameText(sha256(browser), pending.browser);
    if (!own || parts.callbackPath(pending.provider) !== path) return wrongState(exchange, pending.provider);
    return pending;
  }

  async function ask(
    exchange: Exchange,
    pending: Pending,
    query: Readonly<Record<string, unknown>>,
  ): Promise<SignIn> {
    const { provider: name, nonce, codeVerifier } = pending;
    const next = retryOf(pending);
    const [code, iss] = [text(query['code']), text(query['iss'])];
    if (code === undefined) {
      await refuse(exchange, name, `the provider answered ${errorCode(query['error'])} instead of a code`);
      const said = 'The provider did not sign you in, or you declined there.';
      throw new PageProblem(400, 'You are not signed in', said, { next });
    }
    const redirectUri = baseUrl + parts.callbackPath(name);
    try {
      const provider = providers.get(name);
      if (provider === undefined) throw new Error('The provider is not configured any more');
      const answer = { code, codeVerifier, nonce, redirectUri };
      return await provider.finish({ ...answer, ...(iss !== undefined && { iss }) });
    } catch (cause) {
      if (cause instanceof UpstreamRefusedError) {
        await refuse(exchange, name, 'the provider, or a rule about its organisations, refuses this person');
        const why = `${cause.message}. The operator of this server says who may use it.`;
        throw new PageProblem(403, 'You may not sign in here', why, { next, cause });
      }
      const answered = cause instanceof SignInFailedError;
      parts.warn(`Signing in at ${name} failed`, cause);
      await refuse(exchange, name, 'the provider could not be asked, or its answer was not valid');
      const said = answered ? `${cause.message}.` : 'The provider could not be asked.';
      const why = `${said} Try again in a minute; the operator finds the cause in the log.`;
      throw new PageProblem(answered ? 400 : 502, 'Signing in failed', why, { next, cause });
    }
  }

  async function resume({ interaction: uid }: Pending, account: Account): Promise<string> {
    if (uid === undefined) return accountPage;
    const interaction = await library.Interaction.find(uid);
    if (interaction === undefined) {
      const why = 'You are signed in, but the application waited too long. Connect again from there.';
      throw new PageProblem(400, 'The request has expired', why, {
        next: { href: accountPage, label: 'Your account on this server' },
      });
    }
    // The session is another one than when the request came.
    interaction.session = undefined;
    interaction.result = { login: { accountId: account.key } };
    await interaction.persist();
    return interaction.returnTo;
  }

  return {
    begin: async (exchange, name, interaction) => {
      const provider = providers.get(name);
      if (provider === undefined) {
        throw new PageProblem(
          404,
          'No such provider',
          'Nobody signs in there on this server. Go back and choose another one.',
        );
      }
      const [state, nonce, codeVerifier, browser] = [random(), random(), random(), random()];
      const pending = {
        provider: name,
        nonce,
        codeVerifier,
        browser: sha256(browser),
        ...(interaction !== undefined && { interaction }),
      };
      await waiting.put(state, pending, { expiresAt: Date.now() + pendingMs });
      asPublic(exchange, base);
      const { cookies } = library.createContext(exchange.request, exchange.response);
      cookies.set(cookieOf(state, cookie), browser, {
        ...cookie,
        httpOnly: true,
        sameSite: 'lax',
        signed: true,
        maxAge: pendingMs,
      });
      const redirectUri = baseUrl + parts.callbackPath(name);
      try {
        return await provider.authorizeUrl({
          state,
          nonce,
          codeChallenge: sha256(codeVerifier),
          redirectUri,
        });
      } catch (cause) {
        parts.warn(`Sign-in at ${name} could not begin`, cause);
        await refuse(exchange, name, 'the provider could not be asked');
        const why = 'The provider could not be asked. Try again in a minute.';
        throw new PageProblem(502, 'Signing in failed', why, { cause });
      }
    },
    finish: async (exchange, path, query) => {
      const pending = await takePending(exchange, path, text(query['state']));
      const signIn = await ask(exchange, pending, query);
      const person = personOf(connected(pending.provider, signIn));
      await record(from(exchange, { ...person, event: 'sign-in', outcome: 'success' }));
      await record(from(exchange, { ...person, event: 'upstream-connect', outcome: 'success' }));
      const account = await accounts.save(pending.provider, signIn);
      await sessions.start(exchange, account);
      return resume(pending, account);
    },
  };
}
