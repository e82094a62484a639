import { PassThrough } from 'node:stream';
import { Client as ModernClient } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveStdio, type StdioServer } from '../../../src/transport/serve-stdio.js';
import { type OpenSite, openSite } from '../open-site.js';
import { siteFiles } from '../site-files.js';
import { lineTransport } from './line-client.js';

async function connectModern(input: PassThrough, output: PassThrough): Promise<ModernClient> {
  const client = new ModernClient(
    { name: 'modern-lines', version: '2' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  await client.connect(lineTransport(input, output));
  return client;
}

async function connectLegacy(input: PassThrough, output: PassThrough): Promise<LegacyClient> {
  const client = new LegacyClient({ name: 'legacy-lines', version: '1' });
  await client.connect(lineTransport(input, output));
  return client;
}

describe.each([
  ['a client pinned to 2026-07-28', connectModern, 'modern-lines'],
  ['a client of the v1 SDK at 2025-11-25', connectLegacy, 'legacy-lines'],
])('%s over stdio', (_name, connect, clientName) => {
  let site: OpenSite;
  let server: StdioServer;
  let client: Awaited<ReturnType<typeof connect>>;
  beforeAll(async () => {
    site = await openSite(siteFiles, 'stdio');
    const input = new PassThrough();
    const output = new PassThrough();
    const streams = { input, output };
    server = serveStdio({ ...streams, runtime: () => site.runtime, logger: site.logger, graceMs: 1_000 });
    client = await connect(input, output);
  });
  afterAll(async () => {
    await client.close();
    await server.closed;
    await site.close();
  });

  it('lists and calls every kind of endpoint', async () => {
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('add');
    expect(await client.callTool({ name: 'add', arguments: { a: 1, b: 2 } })).toMatchObject({
      structuredContent: { sum: 3 },
    });
    expect((await client.callTool({ name: 'rows', arguments: {} })).isError ?? false).toBe(false);
    expect((await client.readResource({ uri: 'row://7' })).contents[0]).toMatchObject({ text: '{"id":7}' });
    expect((await client.getPrompt({ name: 'greet', arguments: { who: 'Ada' } })).messages).toHaveLength(2);
  });

  it('is on record by name', () => {
    expect(JSON.stringify(site.records())).toContain(clientName);
  });
});
