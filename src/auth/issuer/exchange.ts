import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuthEvent } from '../../model/auth-settings.js';

/** One request at a page or an endpoint of the authorization server, and what the transport established about it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The client's address, after trusted proxies. */
  readonly ip: string;
  readonly userAgent: string | undefined;
  /** The HTML page for an error that cannot be sent to a client. */
  readonly errorPage: (problem: { readonly error: string; readonly description: string }) => string;
}

/** An event with where its request came from. */
export function from(exchange: Exchange, event: AuthEvent): AuthEvent {
  const { ip, userAgent } = exchange;
  return { ...event, ip, ...(userAgent !== undefined && { userAgent }) };
}

/**
 * Makes the library see the public address of this server and the client's address that the transport established, whatever
 * `Host` and forwarding headers say: every URL that it builds comes from there. Browsers' `Origin` is dealt with before.
 */
export function asPublic({ request, ip }: Exchange, base: URL): void {
  const { headers } = request;
  delete headers.origin;
  delete headers['x-forwarded-host'];
  headers.host = base.host;
  headers['x-forwarded-proto'] = base.protocol.slice(0, -1);
  headers['x-forwarded-for'] = ip;
  Object.assign(request, { originalUrl: `${base.pathname.replace(/\/$/, '')}${request.url ?? '/'}` });
}
