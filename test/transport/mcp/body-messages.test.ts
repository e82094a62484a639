import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveSite, type ServedSite } from '../open-site.js';
import { envelope, legacy, modernHeaders, post, type Answer } from '../http/post.js';

const files = {
  'mxcp-site.yml':
    'mxcp: 1\nproject: messages\nprofile: default\nprofiles: {default: {duckdb: {path: ":memory:"}}}\n',
  'tools/speaks.yml': `mxcp: 1
tool:
  name: speaks
  source: {file: ../typescript/bodies.ts}
`,
  'tools/blocks.yml': `mxcp: 1
tool: {name: blocks, source: {file: ../typescript/bodies.ts}}
`,
  'resources/bytes.yml': `mxcp: 1
resource: {uri: "bytes://one", mime_type: image/png, source: {file: ../typescript/bytes.ts}}
`,
  'prompts/ask.yml': `mxcp: 1
prompt: {name: ask, language: typescript, source: {file: ../typescript/bodies.ts}}
`,
  'typescript/bytes.ts': 'export default () => new Uint8Array([1, 2, 3]);\n',
  'typescript/bodies.ts': `import type { ToolContext } from 'mxcp';
export function speaks(_: unknown, ctx: ToolContext) {
  ctx.progress(1, 3, 'first');
  ctx.progress(1, 3, 'does not grow');
  ctx.log.debug('detail');
  ctx.log.warn('careful', { left: 2 });
  ctx.progress(2, 3);
  return { done: true };
}
export const blocks = (_: unknown, ctx: ToolContext) => [
  ctx.content.text('a chart'),
  ctx.content.image(new Uint8Array([1, 2, 3]), 'image/png'),
  ctx.content.resourceLink({ uri: 'note://a', name: 'a' }),
  ctx.content.resource({ uri: 'note://b', text: 'b' }),
];
export const ask = (_: unknown, ctx: ToolContext) => [
  { role: 'user', content: 'look at' },
  { role: 'user', content: ctx.content.image(new Uint8Array([1]), 'image/png') },
];
`,
};

let site: ServedSite;

beforeAll(async () => {
  site = await serveSite(files);
});

afterAll(() => site.close());

type Era = 'modern' | 'legacy';

function send(era: Era, method: string, params: object, name: string, meta: object = {}): Promise<Answer> {
  if (era === 'legacy') {
    return post(site.url, legacy(method, { ...params, _meta: meta }), {
      'mcp-protocol-version': '2025-11-25',
    });
  }
  const body = { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: { ...envelope, ...meta } } };
  return post(site.url, JSON.stringify(body), modernHeaders(method, name));
}

const notifications = ({ messages }: Answer): unknown[] =>
  messages.filter((message) => 'method' in message).map(({ method, params }) => ({ method, params }));

const resultOf = ({ messages }: Answer): unknown => messages.find((message) => 'id' in message)?.['result'];

describe.each(['modern', 'legacy'] as const)('in the %s era', (era) => {
  const progress = [
    {
      method: 'notifications/progress',
      params: { progressToken: 'p', progress: 1, total: 3, message: 'first' },
    },
    { method: 'notifications/progress', params: { progressToken: 'p', progress: 2, total: 3 } },
  ];

  it('progress reaches a client that gave a token, before the answer, and grows', async () => {
    const answer = await send(era, 'tools/call', { name: 'speaks', arguments: {} }, 'speaks', {
      progressToken: 'p',
    });
    const told = notifications(answer).filter((one) => JSON.stringify(one).includes('progress'));
    expect(told).toEqual(progress);
    expect(resultOf(answer)).toMatchObject({ content: [{ type: 'text', text: '{"done":true}' }] });
  });

  it('blocks of content are the answer', async () => {
    const answer = await send(era, 'tools/call', { name: 'blocks', arguments: {} }, 'blocks');
    expect(resultOf(answer)).toMatchObject({
      content: [
        { type: 'text', text: 'a chart' },
        { type: 'image', data: 'AQID', mimeType: 'image/png' },
        { type: 'resource_link', uri: 'note://a', name: 'a' },
        { type: 'resource', resource: { uri: 'note://b', text: 'b' } },
      ],
    });
    expect(resultOf(answer)).not.toHaveProperty('structuredContent');
  });

  it('bytes are a blob, and a prompt may hold an image', async () => {
    const read = await send(era, 'resources/read', { uri: 'bytes://one' }, 'bytes://one');
    expect(resultOf(read)).toMatchObject({
      contents: [{ uri: 'bytes://one', mimeType: 'image/png', blob: 'AQID' }],
    });
    const prompt = await send(era, 'prompts/get', { name: 'ask' }, 'ask');
    expect(resultOf(prompt)).toMatchObject({
      messages: [
        { role: 'user', content: { type: 'text', text: 'look at' } },
        { role: 'user', content: { type: 'image', data: 'AQ==', mimeType: 'image/png' } },
      ],
    });
  });
});

describe('log messages', () => {
  it('reach a modern client at the level that its request asks for', async () => {
    const meta = { 'io.modelcontextprotocol/logLevel': 'warning' };
    const answer = await send('modern', 'tools/call', { name: 'speaks', arguments: {} }, 'speaks', meta);
    expect(notifications(answer)).toEqual([
      {
        method: 'notifications/message',
        params: { level: 'warning', data: { message: 'careful', data: { left: 2 } } },
      },
    ]);
  });

  it('do not reach a modern client that asks for none', async () => {
    const answer = await send('modern', 'tools/call', { name: 'speaks', arguments: {} }, 'speaks');
    expect(notifications(answer)).toEqual([]);
  });

  it('reach a client of the older eras', async () => {
    const answer = await send('legacy', 'tools/call', { name: 'speaks', arguments: {} }, 'speaks');
    expect(JSON.stringify(notifications(answer))).toContain('careful');
  });
});
