import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { admit } from '../../engine/admit.js';
import type { Logger } from '../../engine/logger.js';
import { resourceMetadataUrl } from '../../engine/public-url.js';
import type { Runtime } from '../../engine/runtime.js';
import { CancelledError, ShuttingDownError, toMxcpError } from '../../errors.js';
import { StopSource, type StopSignal } from '../../lib/stop-signal.js';
import type { Persona } from '../../model/caller.js';
import type { Json } from '../../model/json.js';
import type { RateState } from '../../model/outcome.js';
import type { BaseSession } from '../mcp/session.js';
import { clientAddress } from '../client-address.js';
import { rpcCodes } from '../present-error.js';
import { type ConnectionContext, messageContext } from '../request-context.js';
import { groupHeaders, type RawHeaders, visibleHeaders } from '../request-headers.js';
import { clientCertificate } from './client-certificate.js';
import { dispatch } from './dispatch.js';
import type { Drain } from './drain.js';
import { rateHeaders } from './rate-headers.js';
import { readBody } from './read-body.js';
import { sendFailure, sendRpcError } from './rpc-answer.js';
import type { SdkBridge } from './sdk-bridge.js';
import { tagFilterOf } from './tag-filter.js';

/** What the MCP route is made of. */
export interface McpRouteParts {
  readonly runtime: () => Runtime;
  readonly logger: Logger;
  readonly drain: Drain;
  readonly bridge: SdkBridge;
  /** False sends everything through the SDK, for the test that compares both paths. */
  readonly direct: boolean;
  /** Who every caller is taken to be (`serve --as`, for development). */
  readonly persona?: Persona;
}

/** The two steps of the route: the second runs when the first let the request pass and its body has been read. */
export interface McpRoute {
  readonly onRequest: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>;
  readonly handler: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;
}

/** What is known of a request when it has been admitted. */
interface Admission {
  readonly session: BaseSession;
  readonly headers: RawHeaders;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** A member of the request and no `WeakMap`: what hangs in an old one survives the collection of young garbage. */
    admission?: Admission;
  }
}

function connectionOf(
  request: FastifyRequest,
  headers: RawHeaders,
  query: URLSearchParams,
): ConnectionContext {
  const userAgent = headers['user-agent']?.[0];
  const tagFilter = tagFilterOf(query);
  return {
    transport: 'http',
    headers: visibleHeaders(headers),
    ip: clientAddress(request),
    ...(tagFilter !== undefined && { tagFilter }),
    ...(userAgent !== undefined && { userAgent }),
  };
}

const noQuery = new URLSearchParams();

function queryOf(url: string): URLSearchParams {
  const start = url.indexOf('?');
  return start === -1 ? noQuery : new URLSearchParams(url.slice(start + 1));
}

/** A batch or a stream may have begun its answer: then what is left of the limits is not told. */
function tellRate(reply: FastifyReply): (rate: RateState) => void {
  return (rate) => {
    if (!reply.raw.headersSent) reply.headers(rateHeaders(rate));
  };
}

/** True for a body that is not sent as it is: nothing here unpacks one, so that none grows. */
function isEncoded(headers: RawHeaders): boolean {
  const encodings = headers['content-encoding'] ?? [];
  return encodings.some((encoding) => encoding.trim().toLowerCase() !== 'identity');
}

/** A stream of change notifications lasts until the client or the server ends it: nobody waits for its end. */
function isStanding(body: Json): boolean {
  return (
    typeof body === 'object' && body !== null && 'method' in body && body['method'] === 'subscriptions/listen'
  );
}

/** Aborts when the client goes away before its answer is complete, or when a stopping server has waited long enough. */
function cancellation(reply: FastifyReply, drain: Drain, standing: boolean): StopSignal {
  const stop = new StopSource();
  const leave = standing ? undefined : drain.enter(stop);
  reply.raw.once('close', () => {
    leave?.();
    if (!reply.raw.writableFinished) stop.abort(new CancelledError('The client cancelled the call'));
  });
  return stop;
}

/** Answers a POST to the MCP endpoint (spec pages 01 and 09): admitted before its body is read, then read, dispatched. */
export function createMcpRoute(parts: McpRouteParts): McpRoute {
  const { runtime, logger, drain, bridge, direct, persona } = parts;
  const { project } = runtime();
  const metadataUrl = resourceMetadataUrl(project);
  const asksForCertificates = project.auth.clientCertificates;
  return {
    onRequest: async (request, reply) => {
      if (drain.draining())
        return sendFailure(reply, new ShuttingDownError('The server is stopping'), randomUUID());
      const headers = groupHeaders(request.raw.rawHeaders);
      const query = queryOf(request.url);
      const connection = connectionOf(request, headers, query);
      const context = messageContext(connection, undefined);
      try {
        const certificate = asksForCertificates ? clientCertificate(request.raw.socket) : undefined;
        const caller = await admit(
          runtime(),
          {
            headers,
            queryNames: [...query.keys()],
            ...(certificate && { certificate }),
            ...(persona && { persona }),
          },
          context,
        );
        const session = {
          runtime,
          caller,
          logger,
          context: (meta: unknown) => messageContext(connection, meta),
          noteRate: tellRate(reply),
        };
        request.admission = { session, headers };
        return undefined;
      } catch (error) {
        return sendFailure(reply, toMxcpError(error), context.id, { metadataUrl });
      }
    },
    handler: async (request, reply) => {
      const { admission } = request;
      if (admission === undefined || !Buffer.isBuffer(request.body)) {
        const message = 'Content-Type must be application/json';
        return sendRpcError(reply, 415, { code: rpcCodes.refused, message });
      }
      const { session, headers } = admission;
      if (isEncoded(headers)) {
        const message = 'Content-Encoding is not supported';
        return sendRpcError(reply, 415, { code: rpcCodes.refused, message });
      }
      const read = readBody(request.body, headers['mcp-protocol-version']?.[0]);
      if (!read.ok) return sendRpcError(reply, 400, { code: read.code, message: read.message });
      const signal = cancellation(reply, drain, isStanding(read.body));
      return dispatch({ session, headers, signal, body: read.body, metadataUrl }, reply, bridge, direct);
    },
  };
}
