import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { schemaCompiler } from '../../src/lib/schema.js';
import { type OpenSite, openSite, type ServedSite, serveSite } from '../transport/open-site.js';
import { envelope, modern, modernHeaders, post, toolCall } from '../transport/http/post.js';
import { ask, person } from './calls.js';

const schema = JSON.parse(
  readFileSync(new URL('../../schemas/audit-record.schema.json', import.meta.url), 'utf8'),
) as { properties: Record<string, { enum?: string[] }> };
const fits = schemaCompiler({ strictRequired: false }).compile(schema);

const files = {
  'mxcp-site.yml': `
mxcp: 1
project: records
profile: default
profiles:
  default:
    duckdb: {path: ':memory:', init: CREATE TABLE orders AS SELECT range AS id FROM range(9)}
    auth: {allow_anonymous: true}
    transport: {http: {trust_proxy: [127.0.0.1]}}
`,
  'tools/look.yml': `
mxcp: 1
tool:
  name: look
  description: Looks an order up.
  parameters: [{name: id, type: integer, minimum: 0}]
  return: {type: object, properties: {id: {type: integer}}}
  policies:
    input:
      - {id: not-seven, condition: id == 7, action: deny, reason: Not that one}
      - {id: trial, condition: id == 1, action: deny, mode: shadow}
    output: [{id: no-id, condition: id == 2, action: mask_fields, fields: [id]}]
  source: {code: SELECT id FROM orders WHERE id = $id}
`,
  'tools/erase.yml': `
mxcp: 1
tool:
  name: erase
  description: Erases an order.
  annotations: {destructiveHint: true}
  parameters: [{name: id, type: integer}]
  return: {type: array, items: {type: object, properties: {id: {type: integer}}}}
  source: {code: DELETE FROM orders WHERE id = $id RETURNING id}
`,
  'tools/fail.yml': `
mxcp: 1
tool:
  name: fail
  description: Fails.
  parameters: [{name: text, type: string}]
  return: {type: integer}
  source: {code: SELECT CAST($text AS INTEGER)}
`,
  'resources/order.yml': `
mxcp: 1
resource:
  uri: order://{id}
  name: order
  description: An order.
  parameters: [{name: id, type: integer}]
  return: {type: object, properties: {id: {type: integer}}}
  source: {code: SELECT id FROM orders WHERE id = $id}
`,
};

let site: ServedSite;
beforeAll(async () => {
  site = await serveSite(files);
});
afterAll(() => site.close());
afterEach(() => {
  for (const record of site.records()) expect(fits(record), JSON.stringify(fits.errors)).toBe(true);
});

type Record_ = Record<string, unknown>;

async function recordOf(name: string, args: object, headers: Record<string, string> = {}): Promise<Record_> {
  const [body, usual] = toolCall('legacy', name, args);
  const answer = await post(site.url, body, { ...usual, ...headers });
  const id = /"call_id":"([0-9a-f-]{36})"/.exec(answer.text)?.[1];
  const found = site.records().filter((record) => record['call_id'] === id);
  expect(id).toBeDefined();
  return found.at(-1) ?? {};
}

describe('the record of a call', () => {
  it('says when it began, in UTC to the microsecond, between the moments before and after', async () => {
    const before = Date.now();
    const { timestamp } = await recordOf('look', { id: 3 });
    expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    const at = Date.parse(String(timestamp));
    expect(at).toBeGreaterThanOrEqual(before - 2);
    expect(at).toBeLessThanOrEqual(Date.now() + 2);
  });

  it('has a number that is one more than the one before it', async () => {
    await recordOf('look', { id: 3 });
    const numbers = site.records().map((record) => Number(record['seq']));
    expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] ?? 0) + i));
  });

  it('says what was called, and of a resource the concrete URI', async () => {
    expect(await recordOf('look', { id: 3 })).toMatchObject({
      operation_type: 'tool',
      operation_name: 'look',
      input_data: { id: 3 },
    });
    const body = modern('resources/read', { uri: 'order://4' });
    await post(site.url, body, modernHeaders('resources/read', 'order://4'));
    expect(site.records().at(-1)).toMatchObject({
      operation_type: 'resource',
      operation_name: 'order://{id}',
      resource_uri: 'order://4',
      input_data: { id: 4 },
    });
  });

  it.each([
    ['success', 'look', { id: 3 }, { operation_status: 'success', policy_decision: 'allow', output_rows: 1 }],
    [
      'a changed result',
      'look',
      { id: 2 },
      {
        operation_status: 'success',
        policy_decision: 'warn',
        policy_actions: [{ rule: 'no-id', changed: 1 }],
      },
    ],
    [
      'a denial',
      'look',
      { id: 7 },
      {
        operation_status: 'error',
        error_code: 'POLICY_DENIED',
        policy_decision: 'deny',
        policy_rule: 'not-seven',
        policy_reason: 'Not that one',
      },
    ],
    [
      'what a shadow rule would have done, which it did not',
      'look',
      { id: 1 },
      { operation_status: 'success', policy_shadow: [{ rule: 'trial', matched: true }] },
    ],
    ['a failure', 'fail', { text: 'no number' }, { operation_status: 'error', error_code: 'EXECUTE_FAILED' }],
    [
      'arguments that were refused',
      'look',
      { id: "1' OR '1'='1" },
      {
        operation_status: 'error',
        error_code: 'CALL_INVALID_ARGUMENTS',
        input_data: { id: { kind: 'string', length: 12 } },
      },
    ],
    [
      'a name that does not exist',
      'nothing',
      {},
      { operation_status: 'error', error_code: 'CALL_UNKNOWN_ENDPOINT' },
    ],
  ] as const)('says how it ended: %s', async (_name, tool, args, wanted) => {
    expect(await recordOf(tool, args)).toMatchObject(wanted);
  });

  it('has the error without what was in the data', async () => {
    const record = await recordOf('fail', { text: 'hunter2 is no number' });
    expect(record['error']).toContain('could not be converted');
    expect(record['error']).not.toContain('hunter2');
  });

  it('flags what can have an effect: announced before, with the outcome after it', async () => {
    const outcome = await recordOf('erase', { id: 8 });
    const both = site.records().filter((record) => record['call_id'] === outcome['call_id']);
    expect(both.map((record) => record['operation_status'])).toEqual(['started', 'success']);
    const read = await recordOf('look', { id: 3 });
    expect(site.records().filter((record) => record['call_id'] === read['call_id'])).toHaveLength(1);
  });

  it('has the address of the client, which only a trusted proxy may state', async () => {
    const forwarded = { 'x-forwarded-for': '203.0.113.7' };
    expect(await recordOf('look', { id: 3 })).toMatchObject({ ip: '127.0.0.1' });
    expect(await recordOf('look', { id: 3 }, forwarded)).toMatchObject({ ip: '203.0.113.7' });
    const untrusting = await serveSite({
      ...files,
      'mxcp-site.yml': files['mxcp-site.yml'].replace('trust_proxy: [127.0.0.1]', ''),
    });
    const [body, headers] = toolCall('legacy', 'look', { id: 3 });
    await post(untrusting.url, body, { ...headers, ...forwarded });
    const record = untrusting.records().at(-1);
    await untrusting.close();
    expect(record).toMatchObject({ operation_name: 'look', ip: '127.0.0.1' });
  });

  it.each([
    ['203.0.113.7:4711', '203.0.113.7'],
    ['"203.0.113.7:4712"', '203.0.113.7'],
    ['[2001:db8::7]:4711', '2001:db8::7'],
    ['[2001:db8::7]', '2001:db8::7'],
    ['2001:db8::7', '2001:db8::7'],
    ['unknown', 'unknown'],
  ])('has the address alone of %s, for the port is another one on each connection', async (stated, ip) => {
    expect(await recordOf('look', { id: 3 }, { 'x-forwarded-for': stated })).toMatchObject({ ip });
  });

  it('has client and user agent, cut, and no text of either can begin a new line', async () => {
    const forged = `x\n{"operation_type":"auth"}\r\n\u0000${'y'.repeat(5_000)}`;
    const meta = { ...envelope, 'io.modelcontextprotocol/clientInfo': { name: forged, version: forged } };
    const params = { name: 'look', arguments: { id: 3 }, _meta: meta };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
    const lines = site.records().length;
    await post(site.url, body, { ...modernHeaders('tools/call', 'look'), 'user-agent': 'z'.repeat(5_000) });
    expect(site.records()).toHaveLength(lines + 1);
    const record = site.records().at(-1) ?? {};
    expect(record['user_agent']).toBe('z'.repeat(256));
    expect(String(record['client_name']).startsWith('x\n{"operation_type"')).toBe(true);
    expect(String(record['client_name']).length).toBeLessThanOrEqual(256);
  });

  it('has the id that the answer has, and the trace of the caller', async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const record = await recordOf('look', { id: 3 }, { traceparent: `00-${trace}-b7ad6b7169203331-01` });
    expect(record).toMatchObject({ trace_id: trace });
    const failed = await recordOf('fail', { text: 'x' });
    expect(failed['call_id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('has who was taken to be calling, with role', async () => {
    const open: OpenSite = await openSite(files);
    await ask(open.runtime, person({ userId: '7', username: 'ann', role: 'hr' }), 'look', { id: 3 });
    const record = open.records().at(-1);
    await open.close();
    expect(record).toMatchObject({ user_id: '7', user_key: 'local|7', username: 'ann', role: 'hr' });
  });
});

describe('the vocabulary of a record', () => {
  it('is closed', () => {
    const wanted = {
      operation_type: ['admin', 'auth', 'completion', 'prompt', 'resource', 'server', 'tool'],
      operation_status: ['error', 'started', 'success'],
      policy_decision: ['allow', 'deny', 'n/a', 'warn'],
      caller_type: ['api', 'cli', 'http', 'stdio'],
    };
    for (const [name, values] of Object.entries(wanted)) {
      expect([...(schema.properties[name]?.enum ?? [])].sort()).toEqual(values);
    }
  });
});

describe('what is on record beside calls', () => {
  it('is the start of the server, with the digest of the site and the text of every rule', async () => {
    const open = await openSite(files);
    const limits = `${files['mxcp-site.yml']}limits: {timeout: 9s}\n`;
    const changed = await openSite({ ...files, 'mxcp-site.yml': limits });
    const events = [open, changed].map((one) =>
      one.records().filter((record) => record['operation_type'] === 'server'),
    );
    await Promise.all([open.close(), changed.close()]);
    const [digest, otherDigest] = events.map(
      (some) => some.find((record) => record['operation_name'] === 'start')?.['project_digest'],
    );
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(otherDigest).not.toBe(digest);
    expect(JSON.stringify(events[0])).toContain('"id":"not-seven","text":"deny when id == 7"');
  });

  it('is which fields a rule took or masked, how, and that a shadow rule did nothing', async () => {
    const rules = `policies:
  output:
    - {id: pay, condition: 'true', action: filter_fields, fields: [salary, 'team[].salary']}
    - {id: mail, condition: 'true', action: mask_fields, fields: [email], mask: last4, mode: shadow}
`;
    const open = await openSite({ ...files, 'mxcp-site.yml': `${files['mxcp-site.yml']}${rules}` });
    const text = JSON.stringify(open.records().filter((record) => record['operation_name'] === 'rules'));
    await open.close();
    expect(text).toContain('filter_fields salary, team[].salary when true');
    expect(text).toContain('mask_fields email as last4 when true (shadow: without effect)');
  });

  it.each([
    ['a credential that nobody knows', { authorization: 'Bearer x' }, 'AUTH_CREDENTIAL_INVALID'],
    ['two credentials', { authorization: 'Bearer x', 'x-api-key': 'y' }, 'AUTH_CREDENTIAL_AMBIGUOUS'],
  ])('is the refusal of %s, with its reason', async (_name, headers, code) => {
    await post(site.url, toolCall('legacy', 'look', { id: 3 })[0], headers);
    expect(site.records().at(-1)).toMatchObject({
      operation_type: 'auth',
      operation_status: 'error',
      error_code: code,
      ip: '127.0.0.1',
    });
  });
});
