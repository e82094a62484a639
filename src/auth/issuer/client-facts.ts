import type Library from 'oidc-provider';
import { isDocumentId } from './client-metadata.js';
import { redirectHost, redirectKind, redirectSource, type RedirectKind } from './redirect-uri.js';

/** A client as the library holds it. */
export type Client = NonNullable<Awaited<ReturnType<Library['Client']['find']>>>;

/** `operator`: in this server's configuration. `document`: its document is at its own address. `itself`: it registered. */
export type ClientOrigin = 'operator' | 'document' | 'itself';

/** What a person is told about a client that asks. */
export interface ClientFacts {
  readonly id: string;
  readonly name: string;
  readonly origin: ClientOrigin;
  /** Where the answer goes: host and port, or the scheme of an application. */
  readonly redirectHost: string;
  readonly redirectKind: RedirectKind;
  /** The same as a source in a Content-Security-Policy. */
  readonly redirectSource: string;
  /**
   * The answer can only reach who the client says it is: the operator registered it, or it answers at the host that its
   * document is at. Never on the user's own machine, where every program can listen.
   */
  readonly proved: boolean;
}

/** What is known of a client and of the redirect URI of one of its requests. */
export function clientFacts(
  client: Client,
  redirectUri: string,
  ofOperator: ReadonlySet<string>,
): ClientFacts {
  const { clientId: id, clientName } = client;
  const origin = ofOperator.has(id) ? 'operator' : isDocumentId(id) ? 'document' : 'itself';
  const kind = redirectKind(redirectUri);
  const atHome = origin === 'document' && new URL(redirectUri).host === new URL(id).host;
  return {
    id,
    name: clientName ?? (origin === 'document' ? new URL(id).host : 'An application without a name'),
    origin,
    redirectHost: redirectHost(redirectUri),
    redirectKind: kind,
    redirectSource: redirectSource(redirectUri),
    proved: kind === 'web' && (origin === 'operator' || atHome),
  };
}
