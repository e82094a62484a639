import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernHttp,
} from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernStdio } from '@modelcontextprotocol/client/stdio';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as LegacyStdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as LegacyHttp } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AnyClient } from './exercise-site.js';
import { copySite, serve, type Server, type Site, stdioServer, writeSite } from './program.js';

/** The human: what he was asked, and what he answers next. */
interface Human {
  readonly asked: string[];
  answer: { action: 'accept' | 'decline' | 'cancel'; content?: Record<string, number | boolean> };
}

const capabilities = { elicitation: {} };

function modernClient(human: Human): ModernClient {
  const negotiation = { versionNegotiation: { mode: { pin: '2026-07-28' } } } as const;
  const client = new ModernClient({ name: 'human', version: '2' }, { capabilities, ...negotiation });
  client.setRequestHandler('elicitation/create', ({ params }) => {
    human.asked.push(params.message);
    return human.answer;
  });
  return client;
}

function legacyClient(human: Human): LegacyClient {
  const client = new LegacyClient({ name: 'human', version: '1' }, { capabilities });
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    human.asked.push(params.message);
    return human.answer;
  });
  return client;
}

async function servedOver(
  transport: 'http' | 'stdio',
  site: Site,
  args: string[],
): Promise<{ readonly server?: Server }> {
  return transport === 'http' ? { server: await serve(site, args) } : {};
}

const seats = [
  ['stdio', 'the v1 SDK at 2025-11-25'],
  ['stdio', 'the v2 SDK at 2026-07-28'],
  ['http', 'the v2 SDK at 2026-07-28'],
  ['http', 'the v1 SDK at 2025-11-25'],
] as const;

type Seat = (typeof seats)[number];

async function connect(
  [transport, sdk]: Seat,
  site: Site,
  args: readonly string[],
  url: string,
  human: Human,
): Promise<AnyClient> {
  const stdio = stdioServer(site, args);
  if (sdk === 'the v2 SDK at 2026-07-28') {
    const client = modernClient(human);
    await client.connect(transport === 'http' ? new ModernHttp(new URL(url)) : new ModernStdio(stdio));
    return client;
  }
  const client = legacyClient(human);
  await client.connect(transport === 'http' ? new LegacyHttp(new URL(url)) : new LegacyStdio(stdio));
  return client;
}

const notes = ['Sensor 2 drifts', 'Call them please'];
const question = 'Delete all 2 notes of order 1004? They are gone then.';

describe.each(seats)('deleting the notes of an order of the example, over %s with %s', (...seat) => {
  const human: Human = { asked: [], answer: { action: 'decline' } };
  let site: Site;
  let server: Server | undefined;
  let client: AnyClient;

  const call = (name: string, args: object = {}): ReturnType<AnyClient['callTool']> =>
    client.callTool({ name, arguments: { order_id: 1004, ...args } });
  const notesNow = async (): Promise<unknown> =>
    ((await call('order')).structuredContent as { notes: unknown }).notes;
  const deleting = async (answer: Human['answer']): Promise<Awaited<ReturnType<typeof call>>> => {
    human.asked.length = 0;
    human.answer = answer;
    return call('delete_order_notes');
  };

  beforeAll(async () => {
    site = copySite('examples/site');
    ({ server } = await servedOver(seat[0], site, ['--as', 'astrid']));
    client = await connect(seat, site, ['--as', 'astrid'], server?.url ?? '', human);
    for (const note of notes) await call('add_order_note', { note });
    expect(await notesNow()).toEqual(notes);
  });
  afterAll(async () => {
    await client.close();
    await server?.stop();
    site.remove();
  });

  const asks = seat[0] === 'stdio' || seat[1] === 'the v2 SDK at 2026-07-28';

  if (!asks) {
    it('is refused where nobody can be asked, and nothing is deleted', async () => {
      const answer = await deleting({ action: 'accept', content: { notes: 2 } });
      expect(answer).toMatchObject({ isError: true, _meta: { code: 'ELICIT_UNAVAILABLE' } });
      expect(human.asked).toEqual([]);
      expect(await notesNow()).toEqual(notes);
    });
    return;
  }

  it.each(['decline', 'cancel'] as const)('deletes nothing when the human says %s', async (action) => {
    const answer = await deleting({ action });
    expect(answer.structuredContent).toEqual({ order_id: 1004, deleted: 0 });
    expect(human.asked).toEqual([question]);
    expect(await notesNow()).toEqual(notes);
  });

  it('deletes nothing when he means another number of notes', async () => {
    const answer = await deleting({ action: 'accept', content: { notes: 3 } });
    expect(answer).toMatchObject({ isError: true, _meta: { code: 'EXECUTE_TOOL_ERROR' } });
    expect(JSON.stringify(answer.content)).toContain('nothing was deleted');
    expect(await notesNow()).toEqual(notes);
  });

  it('deletes when he accepts, once, and has it on record', async () => {
    const answer = await deleting({ action: 'accept', content: { notes: 2 } });
    expect(answer.structuredContent).toEqual({ order_id: 1004, deleted: 2 });
    expect(human.asked).toEqual([question]);
    expect(await notesNow()).toEqual([]);
    const business = site.records().flatMap(({ business_context: event }) => (event ? [event] : []));
    expect(business).toEqual([{ notes: 2, operation: 'delete', target: 'order_notes' }]);
  });
});

const asking = (kind: string, head: string): string => `mxcp: 1
${kind}:
  ${head}
  language: typescript
  source:
    code: |
      export default async function (_args, ctx) {
        const form = { type: 'object', properties: { sure: { type: 'boolean' } }, required: ['sure'] };
        const answer = await ctx.elicit('sure', form, 'Show it?');
        return answer.action + ' ' + JSON.stringify(answer.content ?? null);
      }
`;

const files = {
  'mxcp-site.yml': `mxcp: 1
project: asking
profile: default
profiles: {default: {duckdb: {path: ':memory:'}}}
`,
  'resources/page.yml': asking('resource', 'uri: page://one\n  name: page\n  mime_type: text/plain'),
  'prompts/hello.yml': asking('prompt', 'name: hello'),
};

describe.each([seats[0], seats[1], seats[2]])(
  'resources and prompts that ask, over %s with %s',
  (...seat) => {
    const human: Human = { asked: [], answer: { action: 'decline' } };
    let site: Site;
    let server: Server | undefined;
    let client: AnyClient;

    beforeAll(async () => {
      site = writeSite(files);
      ({ server } = await servedOver(seat[0], site, []));
      client = await connect(seat, site, [], server?.url ?? '', human);
    });
    afterAll(async () => {
      await client.close();
      await server?.stop();
      site.remove();
    });
    beforeEach(() => {
      human.asked.length = 0;
    });

    it.each([
      ['accept', { action: 'accept', content: { sure: true } }, 'accept {"sure":true}'],
      ['decline', { action: 'decline' }, 'decline null'],
      ['cancel', { action: 'cancel' }, 'cancel null'],
    ] as const)('get what the human answered: %s', async (_name, answer, text) => {
      human.answer = answer;
      const { contents } = await client.readResource({ uri: 'page://one' });
      expect(contents).toMatchObject([{ uri: 'page://one', text }]);
      const { messages } = await client.getPrompt({ name: 'hello' });
      expect(messages).toEqual([{ role: 'user', content: { type: 'text', text } }]);
      expect(human.asked).toEqual(['Show it?', 'Show it?']);
    });
  },
);
