import type { FastifyReply } from 'fastify';
import type { MxcpError } from '../../errors.js';
import type { Json, JsonObject } from '../../model/json.js';
import { presentError } from '../present-error.js';
import { sendJson } from './send-message.js';

/** A JSON-RPC id as it can be told back. */
export type MessageId = string | number | null;

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The id of a message that is one request; null where there is none to tell. */
export function idOf(body: Json | undefined): MessageId {
  if (body === undefined || !isObject(body) || typeof body['method'] !== 'string') return null;
  const id = body['id'];
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

/** Sends a JSON-RPC error with an HTTP status of its own. */
export function sendRpcError(
  reply: FastifyReply,
  status: number,
  error: { readonly code: number; readonly message: string; readonly data?: JsonObject },
  id: MessageId = null,
): FastifyReply {
  return sendJson(reply, status, JSON.stringify({ jsonrpc: '2.0', error, id }));
}

/** RFC 6750, section 3: what a client has to do about a 401 or about missing scopes. */
function challengeOf(error: MxcpError): string | undefined {
  switch (error.code) {
    case 'AUTH_CREDENTIAL_REQUIRED':
      return 'Bearer';
    case 'AUTH_CREDENTIAL_INVALID':
      return 'Bearer error="invalid_token"';
    case 'AUTH_INSUFFICIENT_SCOPE':
      return `Bearer error="insufficient_scope", scope="${error.requiredScopes.join(' ')}"`;
    default:
      return undefined;
  }
}

/** Sends a failure of ours with the HTTP status, challenge and `Retry-After` that belong to it. */
export function sendFailure(
  reply: FastifyReply,
  error: MxcpError,
  callId: string,
  id: MessageId = null,
): FastifyReply {
  const { status, rpcCode, text, meta } = presentError(error, callId);
  const challenge = challengeOf(error);
  if (challenge !== undefined) reply.header('www-authenticate', challenge);
  if (error.code === 'CALL_RATE_LIMITED')
    reply.header('retry-after', String(Math.ceil(error.retryAfterSeconds)));
  return sendRpcError(reply, status, { code: rpcCode, message: text, data: meta }, id);
}
