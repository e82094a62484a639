import type { FastifyReply } from 'fastify';
import type { Readable } from 'node:stream';
import type { Era } from '../mcp/era.js';

/** Headers of an event stream; a proxy must neither keep, change nor hold it back. */
export const streamHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
};

/** Characters up to which an answer fits the system's own buffers, so that a client that does not read holds nothing here. */
const smallAnswer = 65_536;

/** How long a client may leave a large answer or a stream unread, milliseconds. */
const unreadMs = 60_000;

function boundUnread(reply: FastifyReply): void {
  reply.raw.setTimeout(unreadMs, () => reply.raw.destroy());
}

/** Sends an event stream that the SDK writes. */
export function sendStream(reply: FastifyReply, status: number, stream: Readable): FastifyReply {
  boundUnread(reply);
  return reply.code(status).headers(streamHeaders).send(stream);
}

/** Sends a JSON text. */
export function sendJson(reply: FastifyReply, status: number, json: string): FastifyReply {
  if (json.length > smallAnswer) boundUnread(reply);
  return reply.code(status).type('application/json').send(json);
}

/** Sends one finished message as its era does: a JSON body, or a stream of one event. */
export function sendMessage(reply: FastifyReply, era: Era, json: string): FastifyReply {
  if (era === 'modern') return sendJson(reply, 200, json);
  if (json.length > smallAnswer) boundUnread(reply);
  return reply.code(200).headers(streamHeaders).send(`event: message\ndata: ${json}\n\n`);
}
