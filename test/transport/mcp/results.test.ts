import { describe, expect, it } from 'vitest';
import type { PromptEndpoint, ResourceEndpoint } from '../../../src/model/endpoint.js';
import type { Json, JsonObject } from '../../../src/model/json.js';
import type { Outcome, Released, RenderedMessage } from '../../../src/model/outcome.js';
import { toPromptResult } from '../../../src/transport/mcp/to-prompt-result.js';
import { toResourceContents } from '../../../src/transport/mcp/to-resource-contents.js';
import { structuredForm, toToolAnswer, toToolResult } from '../../../src/transport/mcp/to-tool-result.js';

const endpoint = {
  name: 'x',
  tags: [],
  parameters: [],
  policies: { input: [], output: [] },
  limits: { timeoutMs: 1, maxRows: 1, maxScanRows: 1, maxBytes: 1, onLimit: 'error' },
  tests: [],
  origin: { file: 'x.yml', line: 1, column: 1 },
  dynamicSql: false,
  scopes: [],
  unreleasedText: false,
} as const;

function success(released: Released): Outcome & { status: 'success' } {
  return {
    status: 'success',
    callId: 'id',
    durationMs: 1,
    policy: { decision: 'n/a', traces: [] },
    released,
  };
}

function value(released: Json, truncated = false): Outcome & { status: 'success' } {
  return success({ form: 'value', value: released, json: JSON.stringify(released), truncated });
}

describe('a tool result', () => {
  const object: JsonObject = { type: 'object' };
  const array: JsonObject = { type: 'array' };
  it.each([
    [object, 'modern', { a: 1 }, { a: 1 }],
    [object, 'legacy', { a: 1 }, { a: 1 }],
    [array, 'modern', [1], [1]],
    [array, 'legacy', [1], { result: [1] }],
    [{ type: 'string' }, 'legacy', 'x', { result: 'x' }],
    [{ anyOf: [object, { type: 'null' }] }, 'modern', null, null],
    [{ anyOf: [object, { type: 'null' }] }, 'legacy', null, { result: null }],
    [undefined, 'modern', [1], undefined],
  ] as const)('%#: %j in the %s era', (schema, era, json, structured) => {
    const result = toToolResult(toToolAnswer(value(json), structuredForm(schema, era)));
    expect(result.structuredContent).toEqual(structured);
    expect(result.content).toEqual([{ type: 'text', text: JSON.stringify(json) }]);
  });

  it('that was cut says so in _meta and in its text', () => {
    const result = toToolResult(toToolAnswer(value([1], true), 'natural'));
    expect(result._meta).toMatchObject({ truncated: true });
    expect(JSON.stringify(result.content)).toContain('Truncated');
  });
});

describe('resource contents', () => {
  function contentsOf(outcome: Outcome & { status: 'success' }, mimeType?: string) {
    const source = { text: '', origin: endpoint.origin, indent: 0 };
    const resource: ResourceEndpoint = {
      ...endpoint,
      kind: 'resource',
      uri: 'x://y',
      annotations: {},
      body: { language: 'sql', source },
      ...(mimeType !== undefined && { mimeType }),
    };
    return toResourceContents(outcome, 'x://y', resource).contents[0];
  }

  it.each([
    ['a text', value('hi'), undefined, { mimeType: 'text/plain', text: 'hi' }],
    ['a text of a text type', value('hi'), 'text/html', { mimeType: 'text/html', text: 'hi' }],
    [
      'a text of another type',
      value('hi'),
      'application/json',
      { mimeType: 'application/json', text: '"hi"' },
    ],
    ['rows', value([{ a: 1 }]), undefined, { mimeType: 'application/json', text: '[{"a":1}]' }],
    ['rows of a declared type', value([1]), 'text/csv', { mimeType: 'text/csv', text: '[1]' }],
    [
      'bytes',
      success({ form: 'blob', base64: 'YQ==' }),
      undefined,
      { mimeType: 'application/octet-stream', blob: 'YQ==' },
    ],
    [
      'bytes of a declared type',
      success({ form: 'blob', base64: 'YQ==' }),
      'image/png',
      { mimeType: 'image/png', blob: 'YQ==' },
    ],
  ])('of %s', (_name, outcome, mimeType, contents) => {
    expect(contentsOf(outcome, mimeType)).toEqual({ uri: 'x://y', ...contents });
  });
});

describe('prompt messages', () => {
  const prompt: PromptEndpoint = { ...endpoint, kind: 'prompt', messages: [] };
  const read = (text: string): RenderedMessage[] =>
    text.split(' ').map((part) => ({
      role: part.startsWith('s') ? 'system' : part.startsWith('u') ? 'user' : 'assistant',
      text: part,
    }));

  it.each([
    ['s u', ['user:s|u']],
    ['s a', ['user:s', 'assistant:a']],
    ['s', ['user:s']],
    ['u a u', ['user:u', 'assistant:a', 'user:u']],
    ['s1 s2 u', ['user:s1|s2|u']],
    ['u1 u2', ['user:u1', 'user:u2']],
    ['u s u2', ['user:u', 'user:s|u2']],
  ])('%s', (text, expected) => {
    const { messages } = toPromptResult(success({ form: 'messages', messages: read(text) }), prompt);
    const told = messages.map(
      ({ role, content }) => `${role}:${content.type === 'text' ? content.text.replaceAll('\n\n', '|') : ''}`,
    );
    expect(told).toEqual(expected);
  });
});
