import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServedSite, serveSite } from '../open-site.js';
import { siteFiles } from '../site-files.js';

let site: ServedSite;
beforeAll(async () => {
  site = await serveSite(siteFiles);
});
afterAll(() => site.close());

async function connectModern(): Promise<ModernClient> {
  const client = new ModernClient(
    { name: 'modern-test', version: '2' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  await client.connect(new ModernTransport(new URL(site.url)));
  return client;
}

async function connectLegacy(): Promise<LegacyClient> {
  const client = new LegacyClient({ name: 'legacy-test', version: '1' });
  // The v1 types were written without exactOptionalPropertyTypes.
  await client.connect(new LegacyTransport(new URL(site.url)));
  return client;
}

describe.each([
  ['a client pinned to 2026-07-28', connectModern],
  ['a client of the v1 SDK at 2025-11-25', connectLegacy],
])('%s', (_name, connect) => {
  let client: Awaited<ReturnType<typeof connect>>;
  beforeAll(async () => {
    client = await connect();
  });
  afterAll(() => client.close());

  it('learns who serves it', () => {
    expect(client.getServerVersion()).toMatchObject({ name: 'Transport site', version: '3.2.1' });
    expect(client.getInstructions()).toContain('Ask for anything');
  });

  it('lists the tools that it may call, in order, with their schemas', async () => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      'add',
      'denied',
      'fails',
      'routed',
      'rows',
      'scalar',
      'seen',
      'slow',
      'untyped',
    ]);
    const add = tools[0];
    expect(add).toMatchObject({ description: 'Adds two integers.', annotations: { readOnlyHint: true } });
    expect(add?.inputSchema).toMatchObject({ type: 'object', required: ['a'] });
  });

  it('calls tools, and their structured results fit the advertised schemas', async () => {
    expect(await client.callTool({ name: 'add', arguments: { a: 2, b: 40 } })).toMatchObject({
      structuredContent: { sum: 42, note: 'plus' },
      content: [{ type: 'text', text: '{"sum":42,"note":"plus"}' }],
    });
    for (const name of ['rows', 'scalar', 'untyped']) {
      expect((await client.callTool({ name, arguments: {} })).isError ?? false).toBe(false);
    }
  });

  it('lists and reads resources, static and templated', async () => {
    expect((await client.listResources()).resources.map(({ uri }) => uri)).toEqual([
      'bytes://one',
      'note://hello',
    ]);
    expect(
      (await client.listResourceTemplates()).resourceTemplates.map(({ uriTemplate }) => uriTemplate),
    ).toEqual(['row://{id}']);
    const contentsOf = async (uri: string) => (await client.readResource({ uri })).contents;
    expect(await contentsOf('note://hello')).toEqual([
      { uri: 'note://hello', mimeType: 'text/markdown', text: '# Hello' },
    ]);
    expect(await contentsOf('row://7')).toEqual([
      { uri: 'row://7', mimeType: 'application/json', text: '{"id":7}' },
    ]);
    expect(await contentsOf('bytes://one')).toEqual([
      { uri: 'bytes://one', mimeType: 'image/png', blob: 'YWJj' },
    ]);
  });

  it('lists and gets prompts, the system message joined to the first of the user', async () => {
    expect((await client.listPrompts()).prompts).toEqual([
      {
        name: 'greet',
        description: 'Greets.',
        arguments: [
          { name: 'who', description: 'Whom', required: true },
          { name: 'tone', required: false },
        ],
      },
    ]);
    const { messages } = await client.getPrompt({ name: 'greet', arguments: { who: 'Ada' } });
    expect(messages).toEqual([
      { role: 'user', content: { type: 'text', text: 'Be warm.\n\nGreet Ada.' } },
      { role: 'assistant', content: { type: 'text', text: 'Hello Ada' } },
    ]);
  });

  it('completes arguments from enum and examples', async () => {
    const complete = async (ref: Parameters<typeof client.complete>[0]['ref'], name: string, value: string) =>
      (await client.complete({ ref, argument: { name, value } })).completion;
    expect(await complete({ type: 'ref/prompt', name: 'greet' }, 'tone', 'w')).toMatchObject({
      values: ['warm', 'wry'],
      total: 2,
    });
    expect(await complete({ type: 'ref/resource', uri: 'row://{id}' }, 'id', '1')).toMatchObject({
      values: ['1', '12'],
    });
  });

  it('is told what is wrong with a call in words that it can act on', async () => {
    const wrong = await client.callTool({ name: 'add', arguments: { a: 'many', c: 1 } });
    expect(wrong.isError).toBe(true);
    expect(wrong._meta).toMatchObject({ code: 'CALL_INVALID_ARGUMENTS' });
    expect(JSON.stringify(wrong.content)).toContain('Unknown parameter: c');
    const denied = await client.callTool({ name: 'denied', arguments: { level: 9 } });
    expect(denied.content).toEqual([{ type: 'text', text: 'Level too high for you' }]);
    expect(denied._meta).toMatchObject({ code: 'POLICY_DENIED', rule: 'too-high' });
  });

  it('never sees what a failing query said', async () => {
    const failed = await client.callTool({ name: 'fails', arguments: {} });
    expect(failed.isError).toBe(true);
    expect(failed._meta).toMatchObject({ code: 'EXECUTE_FAILED' });
    expect(JSON.stringify(failed)).not.toMatch(/hunter2|INTEGER|CAST|\$secret/);
    expect(JSON.stringify(failed.content)).toContain(String(failed._meta?.['call_id']));
  });

  it('gets the same answer for a hidden tool and for one that does not exist', async () => {
    const errorOf = async (name: string) =>
      client.callTool({ name, arguments: {} }).then(
        () => 'no error',
        (error: unknown) => String(error).replaceAll(name, 'NAME'),
      );
    expect(await errorOf('hidden')).toBe(await errorOf('absent'));
    expect(await errorOf('hidden')).toContain('Unknown tool: NAME');
  });

  it('is refused a resource and a prompt that do not exist', async () => {
    await expect(client.readResource({ uri: 'note://absent' })).rejects.toThrow(/Resource not found/);
    await expect(client.getPrompt({ name: 'absent' })).rejects.toThrow(/Unknown prompt: absent/);
  });
});

describe('what is recorded of a client', () => {
  it('is its name, and every call', async () => {
    const client = await connectModern();
    await client.callTool({ name: 'scalar', arguments: {} });
    await client.close();
    expect(JSON.stringify(site.records())).toContain('modern-test');
  });
});
