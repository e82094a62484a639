import { isListed } from '../../engine/listing.js';
import { isObject } from '../../lib/is-object.js';
import type { Json, JsonObject } from '../../model/json.js';
import type { Era } from '../mcp/era.js';
import type { BaseSession } from '../mcp/session.js';
import type { RawHeaders } from '../request-headers.js';
import { decodeHeaderValue } from './header-value.js';
import { disagreeingHeader } from './parameter-headers.js';

/** The member of `params` that `Mcp-Name` repeats, by method. */
const nameMembers: ReadonlyMap<string, 'name' | 'uri'> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
]);

function objectOf(value: Json | undefined): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

function differs(sent: readonly string[] | undefined, value: Json | undefined): boolean {
  if (sent === undefined) return false;
  const [first, ...others] = sent;
  return first === undefined || others.length > 0 || decodeHeaderValue(first.trim()) !== value;
}

/**
 * An old client has no reason to send these headers. One that sends them all the same may be trying to tell a gateway
 * something else than this server.
 */
function legacyMismatch(body: Json, headers: RawHeaders): string | undefined {
  const message = objectOf(body);
  const method = message?.['method'];
  if (differs(headers['mcp-method'], method)) return 'mcp-method';
  const member = typeof method === 'string' ? nameMembers.get(method) : undefined;
  const name = member && objectOf(message?.['params'])?.[member];
  return differs(headers['mcp-name'], name) ? 'mcp-name' : undefined;
}

/** The parameter header that disagrees with a call of a tool that this caller sees; he learns nothing about others. */
function parameterMismatch(
  session: BaseSession,
  body: Json,
  headers: RawHeaders,
  era: Era,
): string | undefined {
  const message = objectOf(body);
  const params = objectOf(message?.['params']);
  const name = params?.['name'];
  if (message?.['method'] !== 'tools/call' || typeof name !== 'string') return undefined;
  const runtime = session.runtime();
  const operation = runtime.registry.find('tool', name);
  if (!operation?.endpoint.parameters.some(({ header }) => header)) return undefined;
  const context = session.context(params?.['_meta']);
  if (!isListed(runtime, session.caller, context, operation)) return undefined;
  return disagreeingHeader(operation, params?.['arguments'], headers, era === 'modern');
}

/**
 * The first of `Mcp-Method`, `Mcp-Name` and the parameter headers that differs from the body of a single message or batch,
 * beyond what the SDK checks: `Mcp-Param-*`, and in the older eras, where none is required, those that were sent.
 */
export function mismatchingHeader(
  session: BaseSession,
  body: Json,
  headers: RawHeaders,
  era: Era,
): string | undefined {
  const standard = era === 'legacy' ? legacyMismatch(body, headers) : undefined;
  if (standard !== undefined) return standard;
  const messages: readonly Json[] = Array.isArray(body) ? body : [body];
  for (const message of messages) {
    const header = parameterMismatch(session, message, headers, era);
    if (header !== undefined) return header;
  }
  return undefined;
}
