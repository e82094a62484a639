import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examples } from './example-calls.js';
import {
  type AnyClient,
  exerciseLists,
  exercisePrompts,
  exerciseResources,
  exerciseTools,
  offers,
} from './exercise-site.js';
import { as, everybody } from './people.js';
import { copySite, serve, type Server, type Site } from './program.js';
import { legacy, modern, modernHeaders, post } from '../transport/http/post.js';

async function connectModern(url: string): Promise<AnyClient> {
  const client = new ModernClient(
    { name: 'modern-acceptance', version: '2' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  await client.connect(new ModernTransport(new URL(url)));
  return client;
}

async function connectLegacy(url: string): Promise<AnyClient> {
  const client = new LegacyClient({ name: 'legacy-acceptance', version: '1' });
  await client.connect(new LegacyTransport(new URL(url)));
  return client;
}

const clients = [
  ['the v2 SDK at 2026-07-28', connectModern],
  ['the v1 SDK at 2025-11-25', connectLegacy],
] as const;

const methods = { tool: 'tools/call', resource: 'resources/read', prompt: 'prompts/get' } as const;

function paramsOf(kind: keyof typeof methods, name: string): object {
  return kind === 'resource' ? { uri: name } : { name, arguments: {} };
}

/** A name that no endpoint has, as long as the given one and of the same form. */
function unknownLike(name: string): string {
  return name.replaceAll(/[a-z]/g, 'q');
}

/** Status, headers and body of an answer, without what differs from call to call. */
async function answerTo(url: string, era: 'modern' | 'legacy', kind: keyof typeof methods, name: string) {
  const method = methods[kind];
  const params = paramsOf(kind, name);
  const answer =
    era === 'modern'
      ? await post(url, modern(method, params), modernHeaders(method, name))
      : await post(url, legacy(method, params), { 'mcp-protocol-version': '2025-11-25' });
  const headers = [...answer.headers].filter(([key]) => key !== 'date');
  const text = answer.text
    .replaceAll(name, 'NAME')
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID');
  return { status: answer.status, headers, text };
}

describe.each(everybody)('%s (%s) over HTTP', (person) => {
  let site: Site;
  let server: Server;
  beforeAll(async () => {
    site = copySite('examples/site');
    server = await serve(site, as(person));
  });
  afterAll(async () => {
    expect(await server.stop()).toBe(0);
    site.remove();
  });

  describe.each(clients)('with %s', (_name, connect) => {
    let client: AnyClient;
    beforeAll(async () => {
      client = await connect(server.url);
    });
    afterAll(() => client.close());

    it('is offered what the site means this role to have', () => exerciseLists(client, person));
    it('calls every tool, and results fit the advertised schemas', () => exerciseTools(client, person));
    it('reads every resource, static and templated', () => exerciseResources(client, person));
    it('gets every prompt', () => exercisePrompts(client, person));
  });

  it.each(['modern', 'legacy'] as const)(
    'gets the same bytes for what is not offered and for what does not exist (%s)',
    async (era) => {
      const client = await connectLegacy(server.url);
      const listed = await offers(client);
      await client.close();
      const withheld = examples.filter(({ kind, name }) => !listed[kind].includes(name));
      if (person !== 'astrid') expect(withheld.length).toBeGreaterThan(0);
      for (const { kind, name } of withheld) {
        const concrete = name.replaceAll(/\{\w+\}/g, 'pay');
        expect(await answerTo(server.url, era, kind, concrete), concrete).toEqual(
          await answerTo(server.url, era, kind, unknownLike(concrete)),
        );
      }
    },
  );
});
