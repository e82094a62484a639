import { randomUUID } from 'node:crypto';
import { classifyInboundRequest } from '@modelcontextprotocol/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { admit } from '../../engine/admit.js';
import { listOperations } from '../../engine/listing.js';
import type { Logger } from '../../engine/logger.js';
import type { Runtime } from '../../engine/runtime.js';
import { type MxcpError, ShuttingDownError, toMxcpError } from '../../errors.js';
import type { Caller, Persona } from '../../model/caller.js';
import type { RequestContext } from '../../model/call.js';
import type { Json } from '../../model/json.js';
import { callTool } from '../mcp/call-tool.js';
import { modernRevision } from '../mcp/era.js';
import type { Session } from '../mcp/session.js';
import { rpcCodes } from '../present-error.js';
import { type ConnectionContext, messageContext } from '../request-context.js';
import { groupHeaders, type RawHeaders, visibleHeaders } from '../request-headers.js';
import { type DirectCall, readDirectCall } from './direct-call.js';
import type { Drain } from './drain.js';
import { disagreeingHeader } from './parameter-headers.js';
import { readBody } from './read-body.js';
import { idOf, sendFailure, sendRpcError } from './rpc-answer.js';
import type { SdkBridge } from './sdk-bridge.js';
import { sendMessage } from './send-message.js';
import { writeDirect } from './write-direct.js';

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

type BaseSession = Omit<Session, 'era' | 'refuse'>;

/** JSON-RPC code of MCP for headers that differ from the body. */
const headerMismatch = -32020;

function connectionOf(request: FastifyRequest, raw: RawHeaders): ConnectionContext {
  const userAgent = raw['user-agent']?.[0];
  return {
    transport: 'http',
    headers: visibleHeaders(raw),
    ip: request.ip,
    ...(userAgent !== undefined && { userAgent }),
  };
}

function queryNames(url: string): string[] {
  const start = url.indexOf('?');
  return start === -1 ? [] : [...new URLSearchParams(url.slice(start + 1)).keys()];
}

function classify(body: Json, headers: RawHeaders) {
  const one = (name: string): string | undefined => headers[name]?.join(', ');
  const version = one('mcp-protocol-version');
  const method = one('mcp-method');
  const name = one('mcp-name');
  return classifyInboundRequest({
    httpMethod: 'POST',
    ...(version !== undefined && { protocolVersionHeader: version }),
    ...(method !== undefined && { mcpMethodHeader: method }),
    ...(name !== undefined && { mcpNameHeader: name }),
    body,
  });
}

/** The parameter header that disagrees with a call of a tool that this caller sees; he learns nothing about others. */
function mismatch(session: BaseSession, body: Json, headers: RawHeaders): string | undefined {
  if (typeof body !== 'object' || body === null || !('method' in body) || body['method'] !== 'tools/call')
    return undefined;
  const params = body['params'];
  if (typeof params !== 'object' || params === null || !('name' in params)) return undefined;
  const name = params['name'];
  const runtime = session.runtime();
  const operation = typeof name === 'string' ? runtime.registry.find('tool', name) : undefined;
  if (!operation?.endpoint.parameters.some(({ header }) => header)) return undefined;
  const visible = listOperations(
    runtime,
    session.caller,
    session.context(params['_meta']),
    'tool',
  ).operations;
  return visible.includes(operation) ? disagreeingHeader(operation, params['arguments'], headers) : undefined;
}

async function answerDirect(
  call: DirectCall,
  session: BaseSession,
  signal: AbortSignal,
  reply: FastifyReply,
): Promise<FastifyReply> {
  let refusal: { error: MxcpError; callId: string } | undefined;
  const info = session.runtime().project.server;
  const refuse = (error: MxcpError, callId: string): void => {
    refusal = { error, callId };
  };
  const { name, arguments: args, meta, era } = call;
  const ended = await callTool({ ...session, era, refuse }, { name, arguments: args, meta, signal });
  if (refusal) return sendFailure(reply, refusal.error, refusal.callId, call.id);
  return sendMessage(reply, era, writeDirect(call, ended, info));
}

/** Dispatches an admitted message: to the direct path, or to the SDK. */
async function dispatch(
  parts: McpRouteParts,
  session: BaseSession,
  body: Json,
  headers: RawHeaders,
  signal: AbortSignal,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const route = classify(body, headers);
  if (route.kind === 'modern' && route.classification.revision === modernRevision) {
    const header = mismatch(session, body, headers);
    if (header !== undefined) {
      const message = `Bad Request: the header ${header} and the arguments disagree`;
      return sendRpcError(reply, 400, { code: headerMismatch, message }, idOf(body));
    }
  }
  const direct = parts.direct ? readDirectCall(body, headers, route) : undefined;
  if (direct) return answerDirect(direct, session, signal, reply);
  return parts.bridge.serve({ body, headers, signal, session }, reply);
}

async function admitted(
  parts: McpRouteParts,
  request: FastifyRequest,
  headers: RawHeaders,
  context: RequestContext,
): Promise<Caller | MxcpError> {
  const { runtime, persona } = parts;
  try {
    const names = queryNames(request.url);
    return await admit(runtime(), { headers, queryNames: names, ...(persona && { persona }) }, context);
  } catch (error) {
    return toMxcpError(error);
  }
}

/** Aborts when the client goes away before its answer is complete. */
function disconnectSignal(reply: FastifyReply): AbortController {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller;
}

/** Answers one POST to the MCP endpoint: admit, read, dispatch (spec pages 01 and 09). */
export function createMcpRoute(parts: McpRouteParts) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    if (parts.drain.draining())
      return sendFailure(reply, new ShuttingDownError('The server is stopping'), randomUUID());
    const controller = disconnectSignal(reply);
    const leave = parts.drain.enter(controller);
    reply.raw.once('close', leave);
    const raw = groupHeaders(request.raw.rawHeaders);
    const connection = connectionOf(request, raw);
    const context = messageContext(connection, undefined);
    const caller = await admitted(parts, request, raw, context);
    if (caller instanceof Error) return sendFailure(reply, caller, context.id);
    if (!Buffer.isBuffer(request.body)) {
      return sendRpcError(reply, 415, {
        code: rpcCodes.refused,
        message: 'Content-Type must be application/json',
      });
    }
    const read = readBody(request.body, raw['mcp-protocol-version']?.[0]);
    if (!read.ok) return sendRpcError(reply, 400, { code: read.code, message: read.message });
    const session: BaseSession = {
      runtime: parts.runtime,
      caller,
      logger: parts.logger,
      context: (meta) => messageContext(connection, meta),
    };
    return dispatch(parts, session, read.body, raw, controller.signal, reply);
  };
}
