import { isObject } from '../lib/is-object.js';
import type { Json } from '../model/json.js';

/** A JSON-RPC id as it can be told back. */
export type MessageId = string | number | null;

/** The id of a message that is one request; null where there is none to tell. */
export function idOf(body: Json | undefined): MessageId {
  if (body === undefined || !isObject(body) || typeof body['method'] !== 'string') return null;
  const id = body['id'];
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}
