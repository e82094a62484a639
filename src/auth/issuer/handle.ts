import type { IncomingMessage } from 'node:http';
import Library, { type KoaContextWithOIDC } from 'oidc-provider';
import type { AuthEvent } from '../../model/auth-settings.js';
import { personOf, type Accounts } from './accounts.js';
import { listen } from './describe-events.js';
import { asPublic, from, type Exchange } from './exchange.js';

/** What the handling of requests at the library's endpoints needs. */
export interface HandlerParts {
  readonly base: URL;
  readonly accounts: Accounts;
  readonly record: (event: AuthEvent) => Promise<void>;
  readonly warn: (message: string, error: unknown) => void;
}

/** Requests at the library's endpoints, with what is to be on record before their answers leave. */
export interface Handler {
  /** Notes an event of the request that is being answered now. */
  readonly collect: (event: AuthEvent) => void;
  /** Address of the request that is being answered now. */
  readonly address: () => string | undefined;
  readonly errorPage: (
    context: Pick<KoaContextWithOIDC, 'req'>,
    error: string,
    description: string,
  ) => string;
  /**
   * Answers what our own steps around the library throw. To be called before these are added: the library knows nothing of them,
   * and what is beneath it would answer without any of our headers.
   */
  readonly guard: (library: Library) => void;
  /** Makes the library answer through this handler. */
  readonly attach: (library: Library) => (exchange: Exchange) => Promise<void>;
}

interface Handling {
  readonly exchange: Exchange;
  readonly events: AuthEvent[];
}

/** A handler without a library yet. */
export function createHandler({ base, accounts, record, warn }: HandlerParts): Handler {
  const handlings = new WeakMap<IncomingMessage, Handling>();

  function note(request: IncomingMessage | undefined, event: AuthEvent): void {
    const handling = request && handlings.get(request);
    handling?.events.push(from(handling.exchange, event));
  }

  /** The library knows people by their keys only. */
  async function named(event: AuthEvent): Promise<AuthEvent> {
    const account = event.userKey === undefined ? undefined : await accounts.find(event.userKey);
    return account === undefined ? event : { ...event, ...personOf(account) };
  }

  const errorPage: Handler['errorPage'] = ({ req }, error, description) =>
    handlings.get(req)?.exchange.errorPage({ error, description }) ?? error;

  function guard(library: Library): void {
    library.use(async (context, next) => {
      try {
        await next();
      } catch (error) {
        // What is not on record does not happen: whatever the answer held stays here.
        warn('The authorization server failed', error);
        context.remove('location');
        context.status = 503;
        const [code, description] = ['temporarily_unavailable', 'this server cannot do that now'];
        const isPage = context.accepts('json', 'html') === 'html';
        context.type = isPage ? 'html' : 'json';
        context.body = isPage
          ? errorPage(context, code, description)
          : { error: code, error_description: description };
      }
    });
  }

  function attach(library: Library): (exchange: Exchange) => Promise<void> {
    listen(library, ({ req }, event) => note(req, event));
    library.on('server_error', (_context, error) => warn('The authorization server failed', error));
    library.use(async (context, next) => {
      await next();
      for (const event of handlings.get(context.req)?.events ?? []) await record(await named(event));
    });
    const answer = library.callback();
    return async (exchange) => {
      const { request, response } = exchange;
      handlings.set(request, { exchange, events: [] });
      asPublic(exchange, base);
      await answer(request, response);
    };
  }

  return {
    collect: (event) => note(Library.ctx?.req, event),
    address: () => (Library.ctx ? handlings.get(Library.ctx.req)?.exchange.ip : undefined),
    errorPage,
    guard,
    attach,
  };
}
