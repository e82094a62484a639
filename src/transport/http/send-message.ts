import type { FastifyReply } from 'fastify';
import type { Readable } from 'node:stream';
import type { Era } from '../mcp/era.js';

/** Headers of an event stream; a proxy must neither keep, change nor hold it back. */
export const streamHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
};

/** Sends an event stream that the SDK writes. */
export function sendStream(reply: FastifyReply, status: number, stream: Readable): FastifyReply {
  return reply.code(status).headers(streamHeaders).send(stream);
}

/** Sends a JSON text. */
export function sendJson(reply: FastifyReply, status: number, json: string): FastifyReply {
  return reply.code(status).type('application/json').send(json);
}

/** Sends one finished message as its era does: a JSON body, or a stream of one event. */
export function sendMessage(reply: FastifyReply, era: Era, json: string): FastifyReply {
  if (era === 'modern') return sendJson(reply, 200, json);
  return reply.code(200).headers(streamHeaders).send(`event: message\ndata: ${json}\n\n`);
}
