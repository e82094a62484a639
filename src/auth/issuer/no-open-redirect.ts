import type Library from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';

/** What decides about where people may be sent with an error. */
export interface RedirectParts {
  /** Clients in this server's configuration. */
  readonly ofOperator: ReadonlySet<string>;
  /** True when this person has let the client in before. */
  readonly letIn: (userKey: string, clientId: string) => Promise<boolean>;
  readonly errorPage: (context: KoaContextWithOIDC, error: string, description: string) => string;
}

interface Failure {
  readonly context: KoaContextWithOIDC;
  readonly error: Error;
}

function textsOf(error: Error): readonly [string, string] {
  const code = 'error' in error && typeof error.error === 'string' ? error.error : 'server_error';
  const described = 'error_description' in error && typeof error.error_description === 'string';
  return [code, described ? String(error.error_description) : ''];
}

/**
 * Makes errors of authorization requests pages where a redirect would send somebody who decided nothing to an address that the
 * client registered by itself: whoever can register could make links of this server that lead anywhere (RFC 9700, 4.11.2).
 * Clients of the operator, clients that this person let in before, and requests that somebody answered get their redirect.
 */
export function forbidOpenRedirects(library: Library, { ofOperator, letIn, errorPage }: RedirectParts): void {
  const failures = new WeakMap<object, Failure>();
  const note = (context: KoaContextWithOIDC, error: Error): void =>
    void failures.set(context, { context, error });
  library.on('authorization.error', note);
  library.on('server_error', note);

  async function mayRedirect({ oidc }: KoaContextWithOIDC): Promise<boolean> {
    const { client, session, entities } = oidc;
    const answered = entities.Interaction?.result !== undefined;
    if (client === undefined || answered || ofOperator.has(client.clientId)) return true;
    const userKey = session?.accountId;
    return userKey !== undefined && (await letIn(userKey, client.clientId));
  }

  library.use(async (context, next) => {
    await next();
    const failure = failures.get(context);
    if (failure === undefined || context.response.get('location') === '') return;
    if (await mayRedirect(failure.context)) return;
    context.remove('location');
    context.status = 400;
    context.type = 'html';
    context.body = errorPage(failure.context, ...textsOf(failure.error));
  });
}
