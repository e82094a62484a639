import { randomUUID } from 'node:crypto';
import {
  fastify,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { resourceMetadata } from '../../auth/issuer/metadata.js';
import { refuse } from '../../engine/admit.js';
import { chargeRoute } from '../../engine/charge.js';
import { publicUrl, resourceMetadataUrl } from '../../engine/public-url.js';
import type { Runtime } from '../../engine/runtime.js';
import { OriginRefusedError, toMxcpError } from '../../errors.js';
import type { RequestContext } from '../../model/call.js';
import type { JsonObject } from '../../model/json.js';
import type { HttpSettings } from '../../model/settings.js';
import { mountOAuth } from '../oauth/mount-oauth.js';
import { clientAddress } from '../client-address.js';
import { rpcCodes } from '../present-error.js';
import { messageContext } from '../request-context.js';
import { requireAccess } from './access.js';
import { statusTexts } from './client-error.js';
import { corsHeaders, preflightHeaders } from './cors.js';
import { createHostGuard, type HostGuard } from './host-guard.js';
import { createMcpRoute, type McpRouteParts } from './mcp-route.js';
import { sendFailure, sendRpcError } from './rpc-answer.js';
import { securityHeaders, strictTransport } from './security-headers.js';

/** What the HTTP application is made of. */
export interface AppParts extends McpRouteParts {
  readonly settings: HttpSettings;
}

function sendStatus(reply: FastifyReply, status: number): FastifyReply {
  const message = statusTexts[status] ?? (status < 500 ? 'Bad request' : 'Internal error');
  return sendRpcError(reply, status, { code: status < 500 ? rpcCodes.refused : rpcCodes.internal, message });
}

/** Every value of a header: Node keeps only the first of a repeated `Host`. */
function valuesOf({ rawHeaders }: FastifyRequest['raw'], name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [key = '', value = ''] = [rawHeaders[i], rawHeaders[i + 1]];
    if (key.length === name.length && key.toLowerCase() === name) values.push(value);
  }
  return values;
}

/**
 * Why a request is refused that a foreign web page may have caused; notes the allowed origin of one that a page may send.
 * Forms of our own pages come with the origin `null`, because of their referrer policy: these pages check for themselves.
 */
function refusalOf(hosts: HostGuard, request: FastifyRequest, reply: FastifyReply): string | undefined {
  if (!hosts.allowsHost(valuesOf(request.raw, 'host'))) return 'This Host is not served here';
  const origins = valuesOf(request.raw, 'origin');
  const [origin] = origins;
  if (origin === undefined || request.routeOptions.config.oauthPage === true) return undefined;
  if (origins.length > 1 || !hosts.allowsOrigin(origin)) return 'This Origin may not call';
  reply.headers(corsHeaders(origin));
  return undefined;
}

function contextOf(request: Pick<FastifyRequest, 'ip' | 'headers'>): RequestContext {
  const userAgent = request.headers['user-agent'];
  const connection = {
    transport: 'http',
    headers: {},
    ip: clientAddress(request),
    ...(userAgent !== undefined && { userAgent }),
  } as const;
  return messageContext(connection, undefined);
}

/** A refused request is on record before it is answered. */
async function guard(
  { runtime }: AppParts,
  hosts: HostGuard,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const refusal = refusalOf(hosts, request, reply);
  if (refusal === undefined) return undefined;
  const context = contextOf(request);
  try {
    return await refuse(runtime(), context, new OriginRefusedError(refusal));
  } catch (error) {
    return sendFailure(reply, toMxcpError(error), context.id);
  }
}

function addHooks(app: FastifyInstance, parts: AppParts): void {
  const hosts = createHostGuard(parts.settings);
  const hsts = strictTransport(parts.settings);
  requireAccess(app);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders);
    if (hsts !== undefined && request.protocol === 'https') reply.header('strict-transport-security', hsts);
    return guard(parts, hosts, request, reply);
  });
}

/** RFC 9728's document of the MCP endpoint; undefined: no way in takes access tokens. */
function resourceDocument({ project, auth }: Runtime): JsonObject | undefined {
  if (resourceMetadataUrl(project) === undefined) return undefined;
  const { transport, authorization, server } = project;
  const base = publicUrl(transport.http);
  const servers = [...(auth?.issuer ? [base] : []), ...project.auth.verifiers.map(({ issuer }) => issuer)];
  const scopes = auth?.issuer?.publicScopes ?? authorization.scopes.defaultScopes;
  return resourceMetadata(base + transport.http.path, servers, scopes, server.name);
}

function addOAuth(app: FastifyInstance, { runtime, settings, logger }: AppParts): void {
  mountOAuth(app, {
    issuer: () => runtime().auth?.issuer,
    resource: () => resourceDocument(runtime()),
    mcpPath: settings.path,
    limit: (tier, ip) => chargeRoute(runtime(), tier, contextOf({ ip, headers: {} })),
    logger,
  });
}

function addRoutes(app: FastifyInstance, parts: AppParts): void {
  const { path } = parts.settings;
  const { onRequest, handler } = createMcpRoute(parts);
  app.decorateRequest('admission');
  const anybody = { config: { access: 'public' } } as const;
  app.post(path, { onRequest, config: { access: 'caller' } }, handler);
  app.options(path, anybody, (request, reply) => {
    const requested = request.headers['access-control-request-headers'];
    return reply.code(204).headers(preflightHeaders(requested)).send();
  });
  app.route({
    method: ['GET', 'DELETE', 'PUT', 'PATCH'],
    url: path,
    config: { access: 'nobody' },
    handler: (_request, reply) =>
      sendRpcError(reply.header('allow', 'POST'), 405, {
        code: rpcCodes.refused,
        message: 'Method not allowed.',
      }),
  });
  app.get('/healthz', anybody, (_request, reply) => reply.send({ status: 'ok' }));
  app.get('/readyz', anybody, (_request, reply) => {
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
  addHooks(app, parts);
  addErrors(app, parts);
  addRoutes(app, parts);
  addOAuth(app, parts);
  return app;
}
