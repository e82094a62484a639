import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { serveStdio, type StdioServer } from '../../../src/transport/serve-stdio.js';
import { legacy, modern } from '../http/post.js';
import { type OpenSite, openSite } from '../open-site.js';
import { siteFiles } from '../site-files.js';

interface Connection {
  readonly site: OpenSite;
  readonly server: StdioServer;
  readonly input: PassThrough;
  /** The next message that the server writes. */
  readonly next: () => Promise<Record<string, unknown>>;
  /** Everything that it writes until it closes. */
  readonly rest: () => Promise<Record<string, unknown>[]>;
}

const open: OpenSite[] = [];
afterEach(async () => {
  for (const site of open.splice(0)) await site.close();
});

async function connect(graceMs = 5_000): Promise<Connection> {
  const site = await openSite(siteFiles, 'stdio');
  open.push(site);
  const input = new PassThrough();
  const output = new PassThrough({ encoding: 'utf8' });
  const server = serveStdio({ runtime: () => site.runtime, input, output, logger: site.logger, graceMs });
  void server.closed.then(() => output.end());
  const lines = (async function* () {
    let text = '';
    for await (const part of output) {
      text += String(part);
      const parts = text.split('\n');
      text = parts.pop() ?? '';
      yield* parts.map((line) => JSON.parse(line) as Record<string, unknown>);
    }
  })();
  return {
    site,
    server,
    input,
    next: async () => {
      const { value, done } = await lines.next();
      if (done === true) throw new Error('The server closed');
      return value;
    },
    rest: async () => {
      const all: Record<string, unknown>[] = [];
      for await (const line of lines) all.push(line);
      return all;
    },
  };
}

const initialize = legacy('initialize', {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'line-client', version: '9' },
});

const call = (name: string, args: object, id: number): string =>
  legacy('tools/call', { name, arguments: args }, id);

describe('MCP over stdio', () => {
  it('serves an old client by its handshake, and records who it is', async () => {
    const { input, next, site } = await connect();
    input.write(`${initialize}\n`);
    expect(await next()).toMatchObject({ id: 1, result: { protocolVersion: '2025-11-25' } });
    input.write(`${call('add', { a: 1, b: 2 }, 2)}\n`);
    expect(await next()).toMatchObject({ id: 2, result: { structuredContent: { sum: 3 } } });
    input.write(`${call('rows', { n: 1 }, 3)}\n`);
    expect(await next()).toMatchObject({ id: 3, result: { structuredContent: { result: [{ i: 0 }] } } });
    expect(JSON.stringify(site.records())).toContain('line-client');
  });

  it('serves a modern client without one', async () => {
    const { input, next } = await connect();
    input.write(`${modern('server/discover', {}, 1)}\n`);
    expect(await next()).toMatchObject({ id: 1, result: { supportedVersions: ['2026-07-28'] } });
    input.write(`${modern('tools/call', { name: 'rows', arguments: { n: 1 } }, 2)}\n`);
    expect(await next()).toMatchObject({
      id: 2,
      result: { structuredContent: [{ i: 0 }], resultType: 'complete' },
    });
  });

  it.each([
    ['no JSON', '{', -32700],
    ['a lone surrogate', String.raw`{"jsonrpc":"2.0","id":1,"method":"\ud800"}`, -32700],
    ['a duplicate key', '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":1,"a":1}}', -32600],
    ['a batch', `[${legacy('ping')}]`, -32600],
    ['no message', '{"hello":1}', -32600],
    ['__proto__', '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"__proto__":1}}', -32600],
  ])('answers %s instead of falling silent, and goes on', async (_name, line, code) => {
    const { input, next } = await connect();
    input.write(`${initialize}\n${line}\n${call('untyped', {}, 5)}\n`);
    const answers = [await next(), await next(), await next()];
    expect(answers.map(({ id }) => id)).toEqual(expect.arrayContaining([1, 5]));
    expect(answers.find((answer) => 'error' in answer)).toMatchObject({ error: { code } });
  });

  it('refuses a message that is too long, and reads the next', async () => {
    const { input, next, site } = await connect();
    const long = 'x'.repeat(site.runtime.project.transport.http.maxBodyBytes + 1);
    input.write(`${initialize}\n`);
    await next();
    input.write(`${long}\n${call('untyped', {}, 5)}\n`);
    expect(await next()).toMatchObject({ id: null, error: { code: -32600 } });
    expect(await next()).toMatchObject({ id: 5 });
  });

  it('answers what was asked before the input ended, then closes', async () => {
    const { input, rest, server } = await connect();
    input.end(`${initialize}\n${call('add', { a: 1 }, 2)}\n${call('rows', { n: 2 }, 3)}\n`);
    expect((await rest()).map(({ id }) => id).sort()).toEqual([1, 2, 3]);
    await server.closed;
  });

  it('does not wait for ever for what was asked before the input ended', async () => {
    const { input, rest, server, site } = await connect(100);
    input.end(`${initialize}\n${call('slow', {}, 2)}\n`);
    expect((await rest()).map(({ id }) => id)).toEqual([1]);
    await server.closed;
    await expect.poll(() => site.runtime.running()).toBe(0);
  });

  it('cancels a call that the client calls off', async () => {
    const { input, next, site } = await connect();
    input.write(`${initialize}\n`);
    await next();
    input.write(`${call('slow', {}, 2)}\n`);
    await expect.poll(() => site.runtime.running()).toBe(1);
    input.write('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}\n');
    await expect.poll(() => site.runtime.running()).toBe(0);
    input.write(`${call('untyped', {}, 3)}\n`);
    expect(await next()).toMatchObject({ id: 3 });
    expect(JSON.stringify(site.records())).toContain('CALL_CANCELLED');
  });

  it('refuses an id that is in use', async () => {
    const { input, next } = await connect();
    input.write(`${initialize}\n`);
    await next();
    input.write(`${call('slow', {}, 2)}\n${call('untyped', {}, 2)}\n`);
    expect(await next()).toMatchObject({ id: 2, error: { code: -32600 } });
  });
});
