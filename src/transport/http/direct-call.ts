import { isObject } from '../../lib/is-object.js';
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  type InboundClassificationOutcome,
  PROTOCOL_VERSION_META_KEY,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/server';
import type { Json, JsonObject } from '../../model/json.js';
import { type Era, modernRevision } from '../mcp/era.js';
import type { RawHeaders } from '../request-headers.js';
import { decodeHeaderValue } from './header-value.js';

/** A `tools/call` that is so plain that the SDK could only pass it on. */
export interface DirectCall {
  readonly era: Era;
  readonly id: string | number;
  readonly name: string;
  readonly arguments: JsonObject | undefined;
  readonly meta: JsonObject | undefined;
}

const paramKeys: ReadonlySet<string> = new Set(['name', 'arguments', '_meta']);

const envelopeKeys: ReadonlySet<string> = new Set([
  PROTOCOL_VERSION_META_KEY,
  CLIENT_INFO_META_KEY,
  CLIENT_CAPABILITIES_META_KEY,
]);

/** A progress token asks for messages before the answer, and other reserved keys for what the SDK knows about. */
function isPlainMeta(meta: JsonObject): boolean {
  return Object.keys(meta).every(
    (key) =>
      envelopeKeys.has(key) || (key !== 'progressToken' && !key.startsWith('io.modelcontextprotocol/')),
  );
}

/** The only value of a header, or undefined when it is absent or repeated. */
function sole(values: readonly string[] | undefined): string | undefined {
  return values?.length === 1 ? values[0]?.trim() : undefined;
}

function modernHeadersAgree(headers: RawHeaders, name: string): boolean {
  const sentName = sole(headers['mcp-name']);
  return (
    sole(headers['mcp-protocol-version']) === modernRevision &&
    sole(headers['mcp-method']) === 'tools/call' &&
    sentName !== undefined &&
    decodeHeaderValue(sentName) === name
  );
}

function legacyHeadersAgree(headers: RawHeaders): boolean {
  const revision = headers['mcp-protocol-version'];
  const accept = headers['accept']?.join(', ') ?? '';
  return (
    (revision === undefined || SUPPORTED_PROTOCOL_VERSIONS.includes(sole(revision) ?? '')) &&
    accept.includes('application/json') &&
    accept.includes('text/event-stream')
  );
}

function eraOf(route: InboundClassificationOutcome): Era | undefined {
  if (route.kind === 'legacy') return route.reason === 'no-claim' ? 'legacy' : undefined;
  if (route.kind !== 'modern' || route.messageKind !== 'request') return undefined;
  return route.classification.revision === modernRevision ? 'modern' : undefined;
}

/**
 * Recognises a well-formed `tools/call` that the direct path may answer; everything else, and everything that this is not
 * sure about, is the SDK's. `route` is the SDK's own verdict on the message, so that eras never diverge.
 */
export function readDirectCall(
  body: Json,
  headers: RawHeaders,
  route: InboundClassificationOutcome,
): DirectCall | undefined {
  const era = eraOf(route);
  if (era === undefined || !isObject(body) || body['method'] !== 'tools/call') return undefined;
  const { id, params } = body;
  if ((typeof id !== 'string' && typeof id !== 'number') || !isObject(params)) return undefined;
  const { name, arguments: args, _meta: meta } = params;
  if (typeof name !== 'string' || !Object.keys(params).every((key) => paramKeys.has(key))) return undefined;
  if ((args !== undefined && !isObject(args)) || (meta !== undefined && !isObject(meta))) return undefined;
  if (meta !== undefined && !isPlainMeta(meta)) return undefined;
  const agree = era === 'modern' ? modernHeadersAgree(headers, name) : legacyHeadersAgree(headers);
  return agree ? { era, id, name, arguments: args, meta } : undefined;
}
