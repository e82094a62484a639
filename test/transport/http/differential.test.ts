import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenSite, openSite } from '../open-site.js';
import { siteFiles } from '../site-files.js';
import { type HttpServer, serveHttp } from '../../../src/transport/serve-http.js';
import { type Answer, envelope, legacy, modern, modernHeaders, post, toolCall } from './post.js';

/** Two servers on one runtime: one answers what it can by the direct path, the other everything through the SDK. */
let site: OpenSite;
let direct: HttpServer;
let sdk: HttpServer;

beforeAll(async () => {
  site = await openSite(siteFiles);
  const settings = { ...site.runtime.project.transport.http, host: '127.0.0.1', port: 0 };
  const parts = { runtime: () => site.runtime, settings, logger: site.logger };
  direct = await serveHttp(parts);
  sdk = await serveHttp({ ...parts, direct: false });
});
afterAll(async () => {
  await direct.close(0);
  await sdk.close(0);
  await site.close();
});

/** Of one connection or one call, not of what is answered. */
const framing = new Set(['date', 'content-length', 'transfer-encoding', 'connection', 'keep-alive']);

function comparable({ status, headers, text }: Answer): object {
  const kept = [...headers].filter(([name]) => !framing.has(name));
  return {
    status,
    headers: kept,
    text: text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'CALL-ID'),
  };
}

async function expectEqual(body: string | Buffer, headers: Record<string, string>): Promise<void> {
  const [one, other] = await Promise.all([post(direct.url, body, headers), post(sdk.url, body, headers)]);
  expect(comparable(one)).toEqual(comparable(other));
}

const eras = ['modern', 'legacy'] as const;

const calls: readonly [name: string, args: object][] = [
  ['add', { a: 1, b: 2 }],
  ['add', { a: '7' }],
  ['add', {}],
  ['add', { a: 1, unknown: [1, { x: null }] }],
  ['add', { a: 9007199254740993n.toString() }],
  ['rows', { n: 0 }],
  ['rows', { n: 3 }],
  ['rows', { n: 5000 }],
  ['rows', { n: 6000 }],
  ['scalar', { text: 'a "quoted" \\ line\nwith \u2028 and \u0000 and 😀' }],
  ['scalar', { text: '' }],
  ['untyped', {}],
  ['fails', {}],
  ['denied', { level: 6 }],
  ['denied', { level: 1 }],
  ['hidden', {}],
  ['absent', {}],
  ['', {}],
  ['constructor', {}],
  ['add', { constructor: 1, toString: 2 }],
  ['x'.repeat(3_000), {}],
];

describe('the direct path answers byte for byte as the SDK does', () => {
  for (const era of eras) {
    it.each(calls)(`${era}: %s %j`, async (name, args) => {
      await expectEqual(...toolCall(era, name, args));
    });
  }

  it.each<[string, object, Record<string, string>]>([
    ['no arguments', { name: 'untyped' }, {}],
    ['arguments that are no object', { name: 'untyped', arguments: [] }, {}],
    ['arguments that are null', { name: 'untyped', arguments: null }, {}],
    ['a name that is no text', { name: 5 }, {}],
    ['no name', { arguments: {} }, {}],
    ['a task', { name: 'untyped', task: { ttl: 5 } }, {}],
    ['an unknown member', { name: 'untyped', extra: true }, {}],
    ['a trace', { name: 'untyped', _meta: { traceparent: `00-${'ab'.repeat(16)}-00f067aa0ba902b7-01` } }, {}],
    ['a progress token', { name: 'untyped', _meta: { progressToken: 1 } }, {}],
    ['a wrong progress token', { name: 'untyped', _meta: { progressToken: {} } }, {}],
    ['a related task', { name: 'untyped', _meta: { 'io.modelcontextprotocol/related-task': 1 } }, {}],
    ['_meta that is no object', { name: 'untyped', _meta: 5 }, {}],
    ['request state', { name: 'untyped', requestState: 'x' }, {}],
    ['no Accept', { name: 'untyped' }, { accept: '*/*' }],
    ['half an Accept', { name: 'untyped' }, { accept: 'application/json' }],
    ['an unknown revision', { name: 'untyped' }, { 'mcp-protocol-version': '1999-01-01' }],
    ['no revision', { name: 'untyped' }, { 'mcp-protocol-version': '' }],
    ['a charset', { name: 'untyped' }, { 'content-type': 'application/json; charset=utf-8' }],
  ])('with %s', async (_name, params, headers) => {
    await expectEqual(legacy('tools/call', params), { 'mcp-protocol-version': '2025-11-25', ...headers });
    const meta = '_meta' in params && typeof params._meta === 'object' ? params._meta : {};
    const enveloped = { ...params, _meta: { ...envelope, ...meta } };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: enveloped });
    await expectEqual(body, { ...modernHeaders('tools/call', 'untyped'), ...headers });
  });

  it.each([0, -1, 1.5, 2 ** 53, 1e300, '', 'id', 'ü"\\', null, true, {}])('with the id %j', async (id) => {
    const params = { name: 'untyped', arguments: {} };
    await expectEqual(JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }), {});
    await expectEqual(
      JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { ...params, _meta: envelope } }),
      modernHeaders('tools/call', 'untyped'),
    );
  });

  it.each<[Record<string, string>]>([
    [{}],
    [modernHeaders('tools/call')],
    [{ 'mcp-method': 'tools/call', 'mcp-name': 'untyped' }],
    [modernHeaders('tools/call', 'add')],
    [modernHeaders('tools/call', ' untyped ')],
    [modernHeaders('tools/call', `=?base64?${Buffer.from('untyped').toString('base64')}?=`)],
    [modernHeaders('tools/call', '=?base64?dW50eXBlZA?=')],
    [{ ...modernHeaders('tools/call', 'untyped'), accept: 'text/html' }],
    [{ ...modernHeaders('tools/call', 'untyped'), 'mcp-protocol-version': '2025-11-25' }],
  ])('with the headers %j', async (headers) => {
    await expectEqual(modern('tools/call', { name: 'untyped' }), headers);
  });

  it('over messages that nobody has thought of', async () => {
    const key = fc.constantFrom(
      'jsonrpc',
      'id',
      'method',
      'params',
      'name',
      'arguments',
      '_meta',
      'a',
      'n',
      'text',
    );
    const leaf = fc.oneof(
      fc.constantFrom<unknown>(
        '2.0',
        '2026-07-28',
        '2025-11-25',
        'tools/call',
        'add',
        'rows',
        'untyped',
        1,
        null,
        true,
      ),
      fc.integer(),
      fc.string(),
    );
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
        fc.array(tie('tree'), { maxLength: 3 }),
      ),
    }));
    const params = fc.record(
      {
        name: fc.oneof(fc.constantFrom('add', 'rows', 'untyped', 'scalar', 'denied'), tree),
        arguments: fc.oneof(fc.dictionary(key, leaf, { maxKeys: 3 }), tree),
        _meta: fc.oneof(
          fc.constant(envelope),
          fc.constant({}),
          fc
            .tuple(fc.constantFrom(...Object.keys(envelope)), leaf)
            .map(([k, v]) => ({ ...envelope, [k]: v })),
          tree,
        ),
      },
      { requiredKeys: [] },
    );
    const message = fc.record(
      {
        jsonrpc: fc.oneof({ weight: 9, arbitrary: fc.constant('2.0') }, tree),
        id: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 0, max: 9 }) }, fc.string(), tree),
        method: fc.oneof({ weight: 9, arbitrary: fc.constant('tools/call') }, tree),
        params: fc.oneof({ weight: 9, arbitrary: params }, tree),
      },
      { requiredKeys: ['jsonrpc', 'method'] },
    );
    const headers = fc.constantFrom<Record<string, string>>(
      {},
      { 'mcp-protocol-version': '2025-11-25' },
      modernHeaders('tools/call', 'untyped'),
      modernHeaders('tools/call', 'add'),
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 9, arbitrary: message }, tree), headers, (body, sent) =>
        expectEqual(JSON.stringify(body), sent),
      ),
      { numRuns: 300 },
    );
  });
});
