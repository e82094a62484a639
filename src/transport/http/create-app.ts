import { randomUUID } from 'node:crypto';
import {
  fastify,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { HttpSettings } from '../../model/settings.js';
import { rpcCodes } from '../present-error.js';
import { statusTexts } from './client-error.js';
import { corsHeaders, preflightHeaders } from './cors.js';
import { createHostGuard, type HostGuard } from './host-guard.js';
import { createMcpRoute, type McpRouteParts } from './mcp-route.js';
import { sendRpcError } from './rpc-answer.js';
import { securityHeaders, strictTransport } from './security-headers.js';

/** What the HTTP application is made of. */
export interface AppParts extends McpRouteParts {
  readonly settings: HttpSettings;
}

function sendStatus(reply: FastifyReply, status: number): FastifyReply {
  const message = statusTexts[status] ?? (status < 500 ? 'Bad request' : 'Internal error');
  return sendRpcError(reply, status, { code: status < 500 ? rpcCodes.refused : rpcCodes.internal, message });
}

function valuesOf(request: FastifyRequest, name: string): string[] {
  const { rawHeaders } = request.raw;
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name);
}

/** Refuses a request that a foreign web page may have caused; notes the allowed origin of one that a page may send. */
function guard(hosts: HostGuard, request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
  if (!hosts.allowsHost(valuesOf(request, 'host'))) {
    return sendRpcError(reply, 403, { code: rpcCodes.refused, message: 'This Host is not served here' });
  }
  const origins = valuesOf(request, 'origin');
  const [origin] = origins;
  if (origin === undefined) return undefined;
  if (origins.length > 1 || !hosts.allowsOrigin(origin)) {
    return sendRpcError(reply, 403, { code: rpcCodes.refused, message: 'This Origin may not call' });
  }
  reply.headers(corsHeaders(origin));
  return undefined;
}

function addHooks(app: FastifyInstance, hosts: HostGuard): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders);
    if (request.protocol === 'https') reply.header('strict-transport-security', strictTransport);
    return guard(hosts, request, reply);
  });
}

function addRoutes(app: FastifyInstance, parts: AppParts): void {
  const { path } = parts.settings;
  const { onRequest, handler } = createMcpRoute(parts);
  app.post(path, { onRequest }, handler);
  app.options(path, (request, reply) => {
    const requested = request.headers['access-control-request-headers'];
    return reply.code(204).headers(preflightHeaders(requested)).send();
  });
  app.route({
    method: ['GET', 'DELETE', 'PUT', 'PATCH'],
    url: path,
    handler: (_request, reply) =>
      sendRpcError(reply.header('allow', 'POST'), 405, {
        code: rpcCodes.refused,
        message: 'Method not allowed.',
      }),
  });
  app.get('/healthz', (_request, reply) => reply.send({ status: 'ok' }));
  app.get('/readyz', (_request, reply) => {
    const ready = !parts.drain.draining() && parts.runtime().ready();
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready' });
  });
}

function addErrors(app: FastifyInstance, { logger }: AppParts): void {
  app.setNotFoundHandler((_request, reply) => sendStatus(reply, 404));
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) logger.error({ err: error, request_id: request.id }, 'a request failed');
    else logger.debug({ status, request_id: request.id }, 'a request was refused');
    return sendStatus(reply, status);
  });
}

/** The HTTP application: guards, limits and routes. It does not listen yet. */
export function createApp(parts: AppParts): FastifyInstance {
  const { settings } = parts;
  const app = fastify({
    bodyLimit: settings.maxBodyBytes,
    trustProxy: settings.trustProxy.length > 0 ? [...settings.trustProxy] : false,
    genReqId: () => randomUUID(),
    frameworkErrors: (error, _request, reply) => {
      void sendStatus(reply.headers(securityHeaders), error.statusCode ?? 400);
    },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  addHooks(app, createHostGuard(settings));
  addErrors(app, parts);
  addRoutes(app, parts);
  return app;
}
