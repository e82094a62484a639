import { classifyInboundRequest } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/model/json.js';
import { classify } from '../../../src/transport/http/classify.js';

const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'add', arguments: { a: 1 } } };
const version = 'io.modelcontextprotocol/protocolVersion';

const bodies: Readonly<Record<string, Json>> = {
  'a plain call': call,
  'a plain call with a text as id': { ...call, id: 'x' },
  'a call without arguments': { ...call, params: { name: 'add' } },
  'a call without a name': { ...call, params: {} },
  'a call without params': { jsonrpc: '2.0', id: 1, method: 'tools/call' },
  'params that are a list': { ...call, params: [] },
  'params that are null': { ...call, params: null },
  'a call without an id': { jsonrpc: '2.0', method: 'tools/call', params: {} },
  'an id that is no integer': { ...call, id: 1.5 },
  'an id that is null': { ...call, id: null },
  'another version of JSON-RPC': { ...call, jsonrpc: '1.0' },
  'a member too much': { ...call, result: {} },
  'a member that JSON-RPC does not know': { ...call, extra: 1 },
  'another method': { ...call, method: 'tools/list' },
  'the handshake': { ...call, method: 'initialize' },
  'an empty _meta': { ...call, params: { name: 'add', _meta: {} } },
  'a _meta that is null': { ...call, params: { name: 'add', _meta: null } },
  'the claim of the modern era': { ...call, params: { name: 'add', _meta: { [version]: '2026-07-28' } } },
  'a batch': [call],
  'a text': 'tools/call',
  null: null,
};
const versions = [undefined, '', '2024-11-05', '2025-11-25', '2026-07-28', 'x', 'x'.repeat(100)];
const extras = [{}, { method: 'tools/call' }, { method: 'tools/list' }, { name: 'add' }, { name: 'other' }];

function verdicts(
  body: Json,
  revision: string | undefined,
  extra: { method?: string; name?: string },
): object {
  const { method, name } = extra;
  const headers = {
    ...(revision !== undefined && { 'mcp-protocol-version': [revision] }),
    ...(method !== undefined && { 'mcp-method': [method] }),
    ...(name !== undefined && { 'mcp-name': [name] }),
  };
  const wanted = classifyInboundRequest({
    httpMethod: 'POST',
    body,
    ...(revision !== undefined && { protocolVersionHeader: revision }),
    ...(method !== undefined && { mcpMethodHeader: method }),
    ...(name !== undefined && { mcpNameHeader: name }),
  });
  return { ours: classify(body, headers), wanted };
}

describe('the verdict on a message is the SDK’s', () => {
  it.each(Object.keys(bodies))('for %s, whatever the headers, the first time and again', (name) => {
    const body = bodies[name] ?? null;
    for (const revision of versions) {
      for (const extra of extras) {
        for (let time = 0; time < 2; time++) {
          const { ours, wanted } = verdicts(body, revision, extra) as Record<'ours' | 'wanted', unknown>;
          expect(ours, `${revision ?? 'no'} version, ${JSON.stringify(extra)}`).toEqual(wanted);
        }
      }
    }
  });
});
