import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServedSite, serveSite } from '../open-site.js';
import { siteFiles } from '../site-files.js';
import { legacy, modern, modernHeaders, post } from './post.js';

let site: ServedSite;
beforeAll(async () => {
  site = await serveSite(siteFiles);
});
afterAll(() => site.close());

const revision = { 'mcp-protocol-version': '2025-11-25' };

async function ask(body: string, headers: Record<string, string>) {
  const before = site.records().length;
  const { messages, text } = await post(site.url, body, headers);
  const added = site.records().slice(before);
  expect(text).not.toMatch(/invalid_type|Invalid input|"path"|\\"path/);
  return { message: messages[0] ?? {}, added };
}

describe('a call that is malformed fails on record, in our words', () => {
  it.each<[string, object | undefined]>([
    ['tools/call', { name: 123 }],
    ['tools/call', { arguments: {} }],
    ['tools/call', undefined],
    ['tools/call', { name: { toString: 1 } }],
    ['resources/read', { uri: 5 }],
    ['resources/read', {}],
    ['prompts/get', { name: [] }],
    ['prompts/get', undefined],
  ])('%s with the params %j', async (method, params) => {
    const { message, added } = await ask(legacy(method, params), revision);
    expect(message['error']).toMatchObject({
      code: -32602,
      message: expect.stringMatching(/^Invalid params: "(name|uri)" must be a string$/) as string,
      data: { code: 'CALL_INVALID_ARGUMENTS', call_id: expect.any(String) as string },
    });
    expect(added).toMatchObject([{ operation_status: 'error' }]);
  });

  it.each([['x'], [[]], [5], [null], [[{ a: 1 }]]])(
    'a tool with the arguments %j, in both eras',
    async (args) => {
      const params = { name: 'add', arguments: args };
      for (const [body, headers] of [
        [legacy('tools/call', params), revision],
        [modern('tools/call', params), modernHeaders('tools/call', 'add')],
      ] as const) {
        const { message, added } = await ask(body, headers);
        expect(message['result']).toMatchObject({ isError: true, _meta: { code: 'CALL_INVALID_ARGUMENTS' } });
        expect(added).toMatchObject([{ operation_name: 'add', error_code: 'CALL_INVALID_ARGUMENTS' }]);
      }
    },
  );

  it.each([[5], [{}], [[]], [null], [false]])('with a state that is no text but %j', async (requestState) => {
    const calls = [
      ['tools/call', 'add', { name: 'add', arguments: { a: 1 } }],
      ['prompts/get', 'greet', { name: 'greet', arguments: { who: 'x' } }],
      ['resources/read', 'note://hello', { uri: 'note://hello', arguments: 5 }],
    ] as const;
    for (const [method, name, params] of calls) {
      const { message, added } = await ask(
        modern(method, { ...params, requestState }),
        modernHeaders(method, name),
      );
      expect(message['error']).toMatchObject({ code: -32602, data: { code: 'ELICIT_STATE_INVALID' } });
      expect(added).toMatchObject([{ operation_status: 'error', error_code: 'ELICIT_STATE_INVALID' }]);
    }
  });

  it('an unknown tool stays unknown, and an unknown prompt too', async () => {
    for (const method of ['tools/call', 'prompts/get']) {
      const { message, added } = await ask(legacy(method, { name: 'absent', arguments: [] }), revision);
      expect(message['error']).toMatchObject({ code: -32602, data: { code: 'CALL_UNKNOWN_ENDPOINT' } });
      expect(added).toMatchObject([{ operation_status: 'error' }]);
    }
  });
});
