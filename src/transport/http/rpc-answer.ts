import type { FastifyReply } from 'fastify';
import type { MxcpError } from '../../errors.js';
import type { JsonObject } from '../../model/json.js';
import type { MessageId } from '../message-id.js';
import { presentError } from '../present-error.js';
import { rateHeaders } from './rate-headers.js';
import { sendJson } from './send-message.js';

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
function challengeOf(error: MxcpError, metadataUrl: string | undefined): string | undefined {
  const metadata = metadataUrl === undefined ? [] : [`resource_metadata="${metadataUrl}"`];
  const bearer = (...parts: readonly string[]): string =>
    `Bearer ${[...parts, ...metadata].join(', ')}`.trim();
  switch (error.code) {
    case 'AUTH_CREDENTIAL_REQUIRED':
      return bearer();
    case 'AUTH_CREDENTIAL_INVALID':
      return bearer('error="invalid_token"');
    case 'AUTH_INSUFFICIENT_SCOPE':
      return bearer('error="insufficient_scope"', `scope="${error.requiredScopes.join(' ')}"`);
    default:
      return undefined;
  }
}

/** How a failure is sent, beside what it says itself. */
interface FailureOptions {
  readonly id?: MessageId;
  /** Where clients learn how to get a token (RFC 9728). */
  readonly metadataUrl?: string | undefined;
}

/** Sends a failure of ours with the HTTP status, challenge and `Retry-After` that belong to it. */
export function sendFailure(
  reply: FastifyReply,
  error: MxcpError,
  callId: string,
  { id = null, metadataUrl }: FailureOptions = {},
): FastifyReply {
  const { status, rpcCode, text, meta } = presentError(error, callId);
  const challenge = challengeOf(error, metadataUrl);
  if (challenge !== undefined) reply.header('www-authenticate', challenge);
  if (error.code === 'CALL_RATE_LIMITED') {
    reply.header('retry-after', String(error.retryAfterSeconds));
    if (error.rate) reply.headers(rateHeaders(error.rate));
  }
  return sendRpcError(reply, status, { code: rpcCode, message: text, data: meta }, id);
}
