import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { endpoints } from '../../auth/issuer/metadata.js';
import { clientAddress } from '../client-address.js';
import { preflightHeaders } from '../http/cors.js';
import { exchangeOf } from './exchange-of.js';
import type { OAuthParts, OAuthTier } from './oauth-parts.js';
import { pageHeaders } from './page.js';

/** Bytes of a body at the token, revocation and registration endpoints. */
const maxBody = 16_384;

/** Leaves the request to the library, with every header that the application sets on its answers. */
async function pass(parts: OAuthParts, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const issuer = parts.issuer();
  if (issuer === undefined) {
    reply.callNotFound();
    return;
  }
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  await issuer.handle(exchangeOf(request, reply, issuer.baseUrl));
}

/** Clients read JSON; who asks for a page here gets none. */
function asClient(request: FastifyRequest, reply: FastifyReply): void {
  request.raw.headers.accept = 'application/json';
  reply.headers({ 'x-robots-tag': 'noindex, nofollow', pragma: 'no-cache' });
}

function asPerson(request: FastifyRequest, reply: FastifyReply): void {
  const url = new URL(request.raw.url ?? '/', 'http://localhost');
  const mode = url.searchParams.get('response_mode');
  if (mode !== null && mode !== 'query') {
    // The library has handlers of other modes for its errors, and they are pages with scripts.
    url.searchParams.set('response_mode', 'not_supported');
    request.raw.url = url.pathname + url.search;
  }
  reply.headers(pageHeaders());
}

function tooLarge(request: FastifyRequest): boolean {
  const length = request.headers['content-length'];
  return length === undefined || !(Number(length) <= maxBody);
}

/** The authorization, token, revocation and registration endpoints. Their bodies are read by the library. */
export function mountEndpoints(scope: FastifyInstance, parts: OAuthParts): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, _body, done) => done(null));

  const page = { config: { access: 'oauth', oauthPage: true } } as const;
  scope.get(endpoints.authorize, page, async (request, reply) => {
    await parts.limit('signIn', clientAddress(request));
    asPerson(request, reply);
    await pass(parts, request, reply);
  });
  scope.get(`${endpoints.authorize}/:uid`, page, async (request, reply) => {
    await parts.limit('consent', clientAddress(request));
    asPerson(request, reply);
    await pass(parts, request, reply);
  });

  const tiers: readonly (readonly [string, OAuthTier])[] = [
    [endpoints.token, 'token'],
    [endpoints.revoke, 'token'],
    [endpoints.register, 'registration'],
  ];
  for (const [path, tier] of tiers) {
    scope.post(path, { config: { access: 'oauth' } }, async (request, reply) => {
      await parts.limit(tier, clientAddress(request));
      asClient(request, reply);
      if (tooLarge(request)) {
        const text = `the body must have a length, and at most ${maxBody} bytes`;
        return reply.code(413).send({ error: 'invalid_request', error_description: text });
      }
      return pass(parts, request, reply);
    });
    scope.options(path, { config: { access: 'public' } }, (request, reply) =>
      reply.code(204).headers(preflightHeaders(request.headers['access-control-request-headers'])).send(),
    );
  }
}
