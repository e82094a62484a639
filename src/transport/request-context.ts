import { randomUUID } from 'node:crypto';
import { CLIENT_INFO_META_KEY } from '@modelcontextprotocol/server';
import { nowMicros } from '../lib/now-micros.js';
import { isObject } from '../lib/is-object.js';
import type { RequestContext } from '../model/call.js';
import { traceIdOf } from './request-headers.js';

/** What stays the same for all messages of one HTTP request or one stdio connection. */
export type ConnectionContext = Pick<
  RequestContext,
  'transport' | 'headers' | 'ip' | 'userAgent' | 'sessionId' | 'client' | 'tagFilter'
>;

/** Longest client name or version that is kept. */
const maxClientText = 200;

/** Name and version that a client states about itself (`clientInfo`), cut to a sane length. */
export function clientOf(info: unknown): RequestContext['client'] {
  if (!isObject(info) || typeof info['name'] !== 'string' || typeof info['version'] !== 'string')
    return undefined;
  return { name: info['name'].slice(0, maxClientText), version: info['version'].slice(0, maxClientText) };
}

/** The context of one message: `meta` is its raw `params._meta`, whose trace and client win over the connection's. */
export function messageContext(connection: ConnectionContext, meta: unknown): RequestContext {
  const fields = isObject(meta) ? meta : {};
  const client = clientOf(fields[CLIENT_INFO_META_KEY]) ?? connection.client;
  const traceId = traceIdOf(fields['traceparent']) ?? traceIdOf(connection.headers['traceparent']);
  return {
    ...connection,
    id: randomUUID(),
    time: nowMicros(),
    ...(client !== undefined && { client }),
    ...(traceId !== undefined && { traceId }),
  };
}
