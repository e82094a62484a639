import { classifyInboundRequest } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/model/json.js';
import { readDirectCall } from '../../../src/transport/http/direct-call.js';
import { legacy, modern, modernHeaders, toolCall } from './post.js';

function read(text: string, headers: Record<string, string>) {
  const body = JSON.parse(text) as Json;
  const route = classifyInboundRequest({
    httpMethod: 'POST',
    ...(headers['mcp-protocol-version'] !== undefined && {
      protocolVersionHeader: headers['mcp-protocol-version'],
    }),
    ...(headers['mcp-method'] !== undefined && { mcpMethodHeader: headers['mcp-method'] }),
    ...(headers['mcp-name'] !== undefined && { mcpNameHeader: headers['mcp-name'] }),
    body,
  });
  const sent = { accept: 'application/json, text/event-stream', ...headers };
  const raw = Object.fromEntries(Object.entries(sent).map(([name, value]) => [name, [value]]));
  return readDirectCall(body, raw, route);
}

describe('the direct path', () => {
  it.each(['modern', 'legacy'] as const)('takes what a %s client sends', (era) => {
    expect(read(...toolCall(era, 'add', { a: 1 }))).toMatchObject({
      era,
      id: 1,
      name: 'add',
      arguments: { a: 1 },
    });
  });

  it.each<[string, string, Record<string, string>]>([
    ['another method', modern('tools/list'), modernHeaders('tools/list')],
    ['a batch', `[${legacy('tools/call', { name: 'add' })}]`, {}],
    ['a notification', '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"add"}}', {}],
    ['a wish for progress', legacy('tools/call', { name: 'add', _meta: { progressToken: 1 } }), {}],
    ['a continued call', legacy('tools/call', { name: 'add', requestState: 'x' }), {}],
    ['a missing header', modern('tools/call', { name: 'add' }), { 'mcp-protocol-version': '2026-07-28' }],
    ['a differing name', modern('tools/call', { name: 'add' }), modernHeaders('tools/call', 'rows')],
    [
      'a client that cannot read streams',
      legacy('tools/call', { name: 'add' }),
      { accept: 'application/json' },
    ],
    ['an unknown revision', legacy('tools/call', { name: 'add' }), { 'mcp-protocol-version': '2001-01-01' }],
  ])('leaves %s to the SDK', (_name, body, headers) => {
    expect(read(body, headers)).toBeUndefined();
  });
});
