import { classifyInboundRequest, type InboundClassificationOutcome } from '@modelcontextprotocol/server';
import { recentMap } from '../../lib/recent-map.js';
import type { Json, JsonObject } from '../../model/json.js';
import type { RawHeaders } from '../request-headers.js';

function ask(body: Json, headers: RawHeaders): InboundClassificationOutcome {
  const version = headers['mcp-protocol-version']?.join(', ');
  const method = headers['mcp-method']?.join(', ');
  const name = headers['mcp-name']?.join(', ');
  return classifyInboundRequest({
    httpMethod: 'POST',
    ...(version !== undefined && { protocolVersionHeader: version }),
    ...(method !== undefined && { mcpMethodHeader: method }),
    ...(name !== undefined && { mcpNameHeader: name }),
    body,
  });
}

const messageKeys: ReadonlySet<string> = new Set(['jsonrpc', 'id', 'method', 'params']);

/** A call in the oldest form: of two such calls with the same headers, the SDK sees no difference. */
function isPlainCall(body: Json, headers: RawHeaders): boolean {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false;
  const { jsonrpc, id, method, params } = body as JsonObject;
  return (
    jsonrpc === '2.0' &&
    method === 'tools/call' &&
    (typeof id === 'string' || Number.isSafeInteger(id)) &&
    typeof params === 'object' &&
    params !== null &&
    !Array.isArray(params) &&
    !('_meta' in params) &&
    Object.keys(body).every((key) => messageKeys.has(key)) &&
    headers['mcp-method'] === undefined &&
    headers['mcp-name'] === undefined
  );
}

const plainCall: Json = { jsonrpc: '2.0', id: 0, method: 'tools/call', params: {} };
const plainVerdicts = recentMap<string | undefined, InboundClassificationOutcome>(64);

/**
 * The SDK's verdict on a message: which era it belongs to, or why it is refused. It takes 15 µs, so that of plain calls the
 * verdict on one is kept for all with the same protocol version.
 */
export function classify(body: Json, headers: RawHeaders): InboundClassificationOutcome {
  if (!isPlainCall(body, headers)) return ask(body, headers);
  const version = headers['mcp-protocol-version']?.join(', ');
  const known = plainVerdicts.get(version);
  if (known !== undefined) return known;
  const verdict = ask(plainCall, headers);
  if (version === undefined || version.length < 64) plainVerdicts.set(version, verdict);
  return verdict;
}
