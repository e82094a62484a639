import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Exchange } from '../../auth/issuer/exchange.js';
import { clientAddress } from '../client-address.js';
import { messagePage } from './page.js';

/** Longest user agent that is on record. */
const maxAgent = 256;

const failedHere = 'Something failed here. The operator finds the cause in the log.';

const texts: Readonly<Record<string, string>> = {
  invalid_client:
    'This server does not know the application that sent you, or could not fetch its description.',
  invalid_redirect_uri: 'The application wants its answer at an address that it has not registered.',
  server_error: failedHere,
  temporarily_unavailable: failedHere,
};

/** A request at a page or an endpoint of the authorization server. */
export function exchangeOf(request: FastifyRequest, reply: FastifyReply, baseUrl: string): Exchange {
  return {
    request: request.raw,
    response: reply.raw,
    ip: clientAddress(request),
    userAgent: request.headers['user-agent']?.slice(0, maxAgent),
    errorPage: ({ error, description }) => {
      const said = texts[error] ?? 'The application sent a request that cannot be answered.';
      return messagePage(
        baseUrl,
        'This cannot go on',
        `${said} Go back to the application. (${error}: ${description})`,
      );
    },
  };
}
