import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GateSite, serveGate } from './gate-site.js';
import { legacy } from './post.js';

const people = ['ada', 'bob', 'cyd', 'dan', 'eve'] as const;
const calls = 10_000;

let site: GateSite;
const tokens = new Map<string, string>();

beforeAll(async () => {
  site = await serveGate({
    rate: '{global: off, per_user: off, per_client: off}',
    tool: `description: Says who asks., annotations: {readOnlyHint: true}, parameters: [{name: nonce, type: integer}],
      return: {type: array, items: {type: object, properties: {who: {type: string}, nonce: {type: integer}}}},
      source: {code: "SELECT get_user_id() AS who, $nonce AS nonce"}`,
  });
  for (const sub of people) tokens.set(sub, await site.issuer.sign({ sub }));
});

afterAll(() => site.close());

/** One call over a connection of the agent; the text of the answer. */
function ask(
  agent: Agent,
  body: string,
  token: string | undefined,
): Promise<{ status: number; text: string }> {
  const { hostname, port, pathname } = new URL(site.url);
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2025-11-25',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  return new Promise((resolve, reject) => {
    const sent = request({ agent, hostname, port, path: pathname, method: 'POST', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject).end(body);
  });
}

async function mix(agent: Agent, count: number, workers: number): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const who = people[(index * 7 + (index >> 3)) % people.length] ?? 'ada';
      const stranger = index % 11 === 0;
      const body = legacy('tools/call', { name: 'probe', arguments: { nonce: index } }, index);
      const { status, text } = await ask(agent, body, stranger ? undefined : tokens.get(who));
      if (stranger) expect(status).toBe(401);
      else if (!text.includes(`\\"who\\":\\"${who}\\",\\"nonce\\":${index}}`))
        throw new Error(`Call ${index} of ${who} got ${status} ${text}`);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
}

describe('10,000 calls with the tokens of several people, and with none', () => {
  it('never mix identities over one connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await mix(agent, calls / 2, 1);
    expect(Object.values(agent.freeSockets).flat().length).toBe(1);
    agent.destroy();
  });

  it('never mix identities over many connections at once', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 24 });
    await mix(agent, calls / 2, 24);
    agent.destroy();
  });

  it('are on record with the right name each', () => {
    const records = site.records().filter(({ operation_name }) => operation_name === 'probe');
    for (const record of records) {
      const { nonce } = record['input_data'] as { nonce: number };
      const who = people[(nonce * 7 + (nonce >> 3)) % people.length] ?? 'ada';
      if (record['user_id'] !== who) throw new Error(`Call ${nonce} of ${who} is on record for someone else`);
    }
    expect(records.length).toBe(calls - 2 * Math.ceil(calls / 2 / 11));
  });
});
