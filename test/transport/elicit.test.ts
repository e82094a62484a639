import { PassThrough } from 'node:stream';
import { Client as ModernClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/model/json.js';
import { serveStdio } from '../../src/transport/serve-stdio.js';
import { legacy, modern, modernHeaders, envelope, post } from './http/post.js';
import { openSite, serveSite, type ServedSite } from './open-site.js';
import { lineTransport } from './stdio/line-client.js';

const form = "{ type: 'object', properties: { sure: { type: 'boolean' } }, required: ['sure'] }";

const tool = (name: string, lines: readonly string[], more: readonly string[] = []): string =>
  [
    'tool:',
    `  name: ${name}`,
    '  language: typescript',
    '  parameters: [{ name: order, type: integer }]',
    ...more,
    '  source:',
    '    code: |',
    `      export async function ${name}(args, ctx) {`,
    ...lines.map((line) => `        ${line}`),
    '      }',
    '',
  ].join('\n');

const files = {
  'mxcp-site.yml': [
    'mxcp: 1',
    'project: elicit',
    'profile: default',
    'profiles:',
    '  default:',
    '    duckdb: { path: ":memory:", init: "CREATE TABLE refunds (id BIGINT)" }',
    '',
  ].join('\n'),
  'tools/refund.yml': tool('refund', [
    `const answer = await ctx.elicit('sure', ${form}, 'Refund order ' + args.order + '?');`,
    'if (answer.action !== "accept" || !answer.content.sure) return { refunded: false };',
    "await ctx.db.execute('INSERT INTO refunds VALUES ($id)', { id: args.order });",
    "return { refunded: true, rows: (await ctx.db.query('SELECT * FROM refunds')).length };",
  ]),
  'tools/early.yml': tool('early', [
    "await ctx.db.execute('INSERT INTO refunds VALUES ($id)', { id: args.order });",
    `try { await ctx.elicit('sure', ${form}, 'Sure?'); } catch { return 'caught'; }`,
  ]),
  'tools/fetches.yml': tool('fetches', [
    "await ctx.fetch('http://127.0.0.1:9/').catch(() => undefined);",
    `return ctx.elicit('sure', ${form}, 'Sure?');`,
  ]),
  'tools/held.yml': tool(
    'held',
    [
      "const pay = { type: 'integer', title: 'Ada earns 92000', minimum: 92000, maximum: 92000 };",
      "const form = { type: 'object', properties: { 'Ada: 92000': pay }, required: ['Ada: 92000'] };",
      "const answer = await ctx.elicit('92000?', form, 'Ada earns 92000?');",
      "return { name: answer.action + ' ' + Object.keys(answer.content ?? {}) };",
    ],
    [
      '  return: { type: object, properties: { name: { type: string, sensitive: true } } }',
      `  policies: { output: [{ condition: "user.role == 'nobody'", action: mask_sensitive_fields }] }`,
    ],
  ),
  'tools/outer.yml': tool('outer', ["return ctx.endpoints.call('refund', { order: args.order });"]),
};

const yes = { action: 'accept' as const, content: { sure: true } };
const capabilities = { elicitation: {} };

async function connectModern(url: string, asked: string[]): Promise<ModernClient> {
  const negotiation = { versionNegotiation: { mode: { pin: '2026-07-28' } } } as const;
  const client = new ModernClient({ name: 'asks', version: '1' }, { capabilities, ...negotiation });
  client.setRequestHandler('elicitation/create', ({ params }) => {
    asked.push(params.message);
    return yes;
  });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return client;
}

let site: ServedSite;
beforeAll(async () => {
  site = await serveSite(files);
});
afterAll(() => site.close());

const codes = (): unknown[] =>
  site
    .records()
    .map(({ error_code }) => error_code)
    .filter((code) => code);

/** One round by hand, as a client that lies about its rounds would do it. */
async function round(
  name: string,
  order: number,
  more: JsonObject = {},
  offered: JsonObject = capabilities,
): Promise<Record<string, unknown>> {
  const meta = { ...envelope, 'io.modelcontextprotocol/clientCapabilities': offered };
  const params = { name, arguments: { order }, ...more, _meta: meta };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  const { messages } = await post(site.url, body, modernHeaders('tools/call', name));
  const { result, error } = messages[0] as { result?: Record<string, unknown>; error?: { data: JsonObject } };
  return result ?? { _meta: error?.data };
}

const codeOf = (result: Record<string, unknown>): unknown => (result['_meta'] as JsonObject)['code'];

describe('a body that asks the human', () => {
  it('is run again with the answer of a client of the modern era, over HTTP', async () => {
    const asked: string[] = [];
    const client = await connectModern(site.url, asked);
    const result = await client.callTool({ name: 'refund', arguments: { order: 1 } });
    expect(result.content).toEqual([{ type: 'text', text: '{"refunded":true,"rows":1}' }]);
    expect(asked).toEqual(['Refund order 1?']);
    expect(codes()).toContain('INPUT_REQUIRED');
    await client.close();
  });

  it('waits for the answer of a client of an older revision, over stdio', async () => {
    const local = await openSite(files, 'stdio');
    const [input, output] = [new PassThrough(), new PassThrough()];
    const streams = { input, output, runtime: () => local.runtime, logger: local.logger, graceMs: 1000 };
    const server = serveStdio(streams);
    const client = new LegacyClient({ name: 'asks', version: '1' }, { capabilities });
    client.setRequestHandler(ElicitRequestSchema, () => yes);
    await client.connect(lineTransport(input, output));
    const result = await client.callTool({ name: 'refund', arguments: { order: 1 } });
    expect(result['content']).toEqual([{ type: 'text', text: '{"refunded":true,"rows":1}' }]);
    await client.close();
    await server.closed;
    await local.close();
  });

  it('cannot ask over HTTP at an older revision, nor a client that cannot', async () => {
    const headers = { 'mcp-protocol-version': '2025-11-25' };
    const call = { name: 'refund', arguments: { order: 1 } };
    const old = await post(site.url, legacy('tools/call', call), headers);
    const mute = await post(site.url, modern('tools/call', call), modernHeaders('tools/call', 'refund'));
    expect(codeOf(old.messages[0]?.['result'] as Record<string, unknown>)).toBe('ELICIT_UNAVAILABLE');
    expect(mute).toMatchObject({
      status: 400,
      messages: [{ error: { code: -32021, data: { requiredCapabilities: { elicitation: {} } } } }],
    });
  });

  it('cannot ask by a form where the client only opens addresses, and the record says so', async () => {
    const result = await round('refund', 1, {}, { elicitation: { url: {} } });
    expect(codeOf(result)).toBe('ELICIT_UNAVAILABLE');
    expect(site.records().at(-1)).toMatchObject({ error_code: 'ELICIT_UNAVAILABLE' });
    const both = await round('refund', 1, {}, { elicitation: { url: {}, form: {} } });
    expect(codeOf(both)).toBe('INPUT_REQUIRED');
  });

  it.each(['early', 'fetches'])(
    'must not have done anything before that a repeated run would do twice: %s',
    async (name) => {
      expect(codeOf(await round(name, 2))).toBe('EXECUTE_BODY_FAILED');
    },
  );

  it('asks in words of the server where a rule can change the result', async () => {
    const result = await round('held', 3);
    expect(JSON.stringify(result)).not.toContain('92000');
    expect(result['resultType']).toBe('input_required');
    expect(site.logger.lines.join('\n')).toContain('Ada earns 92000?');
    const [key = ''] = Object.keys(result['inputRequests'] as JsonObject);
    const answered = (field_1: number, requestState: unknown) =>
      round('held', 3, {
        requestState,
        inputResponses: { [key]: { action: 'accept', content: { field_1 } } },
      } as JsonObject);
    const right = await answered(92000, result['requestState']);
    expect(right['structuredContent']).toEqual({ name: 'accept Ada: 92000' });
    const wrong = await answered(91000, (await round('held', 3))['requestState']);
    expect(wrong['structuredContent']).toEqual({ name: 'cancel ' });
  });

  it('cannot ask inside of a call of another body', async () => {
    expect((await round('outer', 4))['isError']).toBe(true);
  });
});

describe('a state that comes back to a server', () => {
  it('is refused when it is forged, altered, used before, or of another call, and each refusal is on record', async () => {
    const first = await round('refund', 5);
    const state = String(first['requestState']);
    const answers = { inputResponses: { sure: yes } };
    const tries = [
      {
        order: 5,
        requestState: `A${state.slice(1)}` === state ? `B${state.slice(1)}` : `A${state.slice(1)}`,
      },
      { order: 5, requestState: 'forged' },
      { order: 6, requestState: state },
    ];
    for (const { order, requestState } of tries)
      expect(codeOf(await round('refund', order, { ...answers, requestState }))).toBe('ELICIT_STATE_INVALID');
    expect((await round('refund', 5, { ...answers, requestState: state }))['isError']).toBeUndefined();
    expect(codeOf(await round('refund', 5, { ...answers, requestState: state }))).toBe(
      'ELICIT_STATE_INVALID',
    );
    expect(codes().filter((code) => code === 'ELICIT_STATE_INVALID')).toHaveLength(4);
  });
});
