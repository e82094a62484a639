import type { FastifyReply, FastifyRequest } from 'fastify';
import { PageProblem } from '../../auth/issuer/page-problem.js';
import { isMxcpError, RateLimitedError } from '../../errors.js';
import type { OAuthParts } from './oauth-parts.js';
import { messagePage, pageHeaders } from './page.js';

interface Answer {
  readonly status: number;
  /** RFC 6749, 5.2. */
  readonly error: string;
  readonly title: string;
  readonly text: string;
  readonly next?: { readonly href: string; readonly label: string };
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}

function answerOf(error: unknown): Answer {
  if (error instanceof PageProblem) {
    const { status, title, message: text, next } = error;
    return { status, error: 'invalid_request', title, text, ...(next && { next }) };
  }
  if (error instanceof RateLimitedError) {
    const text = `Try again in ${error.retryAfterSeconds} seconds.`;
    return { status: 429, error: 'temporarily_unavailable', title: 'Too many requests', text };
  }
  const status = isMxcpError(error) ? 503 : statusOf(error);
  if (status < 500) {
    return {
      status,
      error: 'invalid_request',
      title: 'This cannot be answered',
      text: 'The request is not valid.',
    };
  }
  const text = 'Something failed here. The operator finds the cause in the log.';
  return {
    status,
    error: status === 503 ? 'temporarily_unavailable' : 'server_error',
    title: 'Something failed',
    text,
  };
}

/** Answers a failure at a page with a page, and at an endpoint with OAuth's error object. Neither quotes what was sent. */
export function answerError(
  { issuer, logger }: OAuthParts,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const { status, error: code, title, text, next } = answerOf(error);
  if (status >= 500) logger.error({ err: error, request_id: request.id }, 'a request for sign-in failed');
  if (error instanceof RateLimitedError) reply.header('retry-after', String(error.retryAfterSeconds));
  reply.code(status);
  const baseUrl = issuer()?.baseUrl ?? '';
  if (request.routeOptions.config.oauthPage === true) {
    const way = next && { ...next, href: next.href === 'oauth' ? `${baseUrl}/oauth` : next.href };
    return reply.headers(pageHeaders()).send(messagePage(baseUrl, title, text, way));
  }
  return reply.send({ error: code, error_description: text });
}
