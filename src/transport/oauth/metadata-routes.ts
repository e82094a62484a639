import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { OAuthParts } from './oauth-parts.js';

/** Suffixes under which a document is asked for: none, or a path of this server, as RFC 8414 and RFC 9728 insert it. */
function isOwnPath(parts: OAuthParts, suffix: string): boolean {
  const base = new URL(parts.issuer()?.baseUrl ?? 'http://localhost').pathname.replace(/\/$/, '');
  return ['', '/', base, parts.mcpPath, `${base}${parts.mcpPath}`].includes(suffix);
}

/** An answer to a request without an origin has no CORS headers, and must not be kept for one that has. */
const shared = { 'cache-control': 'public, max-age=300', vary: 'Origin' };

/** The metadata documents of the authorization server and of the MCP endpoint, public and the same for everybody. */
export function mountMetadata(app: FastifyInstance, parts: OAuthParts): void {
  const documents = {
    '/.well-known/oauth-authorization-server': () => parts.issuer()?.metadata,
    '/.well-known/oauth-protected-resource': parts.resource,
  };
  for (const [path, read] of Object.entries(documents)) {
    const handler = (request: FastifyRequest, reply: FastifyReply): void => {
      const document = isOwnPath(parts, request.url.slice(path.length).split('?')[0] ?? '')
        ? read()
        : undefined;
      if (document === undefined) reply.callNotFound();
      else void reply.headers(shared).send(document);
    };
    const anybody = { config: { access: 'public' } } as const;
    app.get(path, anybody, handler);
    app.get(`${path}/*`, anybody, handler);
  }
}
