import { modernRevision } from '../../../src/transport/mcp/era.js';

/** The envelope of the modern era. */
export const envelope = {
  'io.modelcontextprotocol/protocolVersion': modernRevision,
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

const accept = 'application/json, text/event-stream';

/** What came back, with the messages of an event stream taken apart. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly messages: readonly Record<string, unknown>[];
}

function messagesOf(text: string): Record<string, unknown>[] {
  const parts = text.startsWith('event:')
    ? [...text.matchAll(/^data: (.*)$/gm)].map((match) => match[1] ?? '')
    : [text];
  return parts
    .filter((part) => part.startsWith('{'))
    .map((part) => JSON.parse(part) as Record<string, unknown>);
}

/** Sends a body as it is. */
export async function post(
  url: string,
  body: string | Buffer,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...headers },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, messages: messagesOf(text) };
}

/** The headers that a modern client sends with a message. */
export function modernHeaders(method: string, name?: string): Record<string, string> {
  return {
    'mcp-protocol-version': modernRevision,
    'mcp-method': method,
    ...(name !== undefined && { 'mcp-name': name }),
  };
}

/** A request of the modern era. */
export function modern(method: string, params: object = {}, id: string | number = 1): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta: envelope } });
}

/** A request of the older eras. */
export function legacy(method: string, params: object = {}, id: string | number = 1): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params });
}

/** `tools/call` in both eras: body and headers. */
export function toolCall(
  era: 'modern' | 'legacy',
  name: string,
  args: object = {},
): [string, Record<string, string>] {
  const params = { name, arguments: args };
  if (era === 'legacy') return [legacy('tools/call', params), { 'mcp-protocol-version': '2025-11-25' }];
  return [modern('tools/call', params), modernHeaders('tools/call', name)];
}
