import type { Json, JsonObject } from '../model/json.js';

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
