import { describe, expect, it } from 'vitest';
import { temporarySite } from '../cli/temporary-site.js';
import { legacy, modern, modernHeaders, post, toolCall } from '../transport/http/post.js';
import { ask, endOf, person } from './calls.js';
import { open, serve, site } from './short-lived.js';

const inputRule = `
  input: [{condition: "!('data.read' in user.permissions)", action: deny, reason: Insufficient permissions}]`;
const outputRule = `
  output: [{condition: "user.role != 'admin'", action: filter_fields, fields: [salary]}]`;

function tool(policies: string, root = ''): string {
  const inside = policies.replaceAll('\n', '\n  ');
  return `
mxcp: 1
tool:
  name: people
  description: People.
  return: {type: object, properties: {name: {type: string}, salary: {type: integer}}}
  source: {code: "SELECT 'Ann' AS name, 5 AS salary"}${inside}
${root}`;
}

const inner = `\npolicies:${inputRule}${outputRule}`;

describe('the policies of the security overview', () => {
  it.each([
    ['inside of the tool', tool(inner)],
    ['at the root beside it', tool('', inner)],
  ])('work as they are written, %s', async (_name, text) => {
    const { runtime } = await open({ 'tools/people.yml': text });
    const reader = person({ permissions: ['data.read'] });
    const admin = person({ permissions: ['data.read'], role: 'admin' });
    expect(await ask(runtime, person({ role: 'admin' }), 'people')).toMatchObject({
      status: 'denied',
      error: { message: 'Insufficient permissions' },
    });
    expect(endOf(await ask(runtime, reader, 'people'))).toBe('{"name":"Ann"}');
    expect(endOf(await ask(runtime, admin, 'people'))).toBe('{"name":"Ann","salary":5}');
    expect(endOf(await ask(runtime, person({ permissions: 'data.reader' as never }), 'people'))).toBe(
      'POLICY_DENIED',
    );
  });

  it('do not load at both places at once', async () => {
    await expect(open({ 'tools/people.yml': tool(inner, inner) })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });
});

describe('the audit section of the security overview', () => {
  const withAudit = (audit: string): string => `${site}    audit: ${audit}\n`;
  const files = { 'tools/people.yml': tool('') };

  it('records where `path` says', async () => {
    const one = await open({
      ...files,
      'mxcp-site.yml': withAudit('{enabled: true, path: log/calls.jsonl}'),
    });
    expect(one.runtime.project.audit.path.endsWith('/site/log/calls.jsonl')).toBe(true);
    await ask(one.runtime, undefined, 'people');
    expect(one.records().at(-1)).toMatchObject({ operation_name: 'people' });
  });

  it('records nothing with `enabled: false`', async () => {
    const one = await open({
      ...files,
      'mxcp-site.yml': withAudit('{enabled: false, path: log/calls.jsonl}'),
    });
    expect(endOf(await ask(one.runtime, undefined, 'people'))).toContain('Ann');
    expect(() => one.records()).toThrow('ENOENT');
  });
});

const employees = `
  source: {code: "SELECT 'Ann' AS name, 'PLANTED-ssn' AS ssn, 'PLANTED-iban' AS iban, 'north' AS region"}
  return:
    type: object
    properties:
      name: {type: string}
      ssn: {type: string, sensitive: true}
      iban: {type: string}
      region: {type: string}
  policies:
    output:
      - {id: masked, condition: "user.role != 'hr'", action: mask_sensitive_fields}
      - {id: removed, condition: "user.role != 'hr'", action: filter_fields, fields: [iban]}
`;

describe('what output rules take out is nowhere in an answer', () => {
  const files = {
    'tools/employee.yml': `mxcp: 1\ntool:\n  name: employee\n  description: One.${employees}`,
    'resources/employee.yml': `mxcp: 1\nresource:\n  uri: employee://one\n  name: employee\n  description: One.${employees}`,
    'prompts/letter.yml': `
mxcp: 1
prompt:
  name: letter
  description: A letter.
  parameters: [{name: to, type: string}]
  messages: [{role: user, prompt: "PLANTED letter to {{ to }}"}]
  policies:
    output: [{id: no-letters, condition: "user.role != 'hr'", action: deny, reason: Letters are for HR}]
`,
  };
  const asked: Readonly<Record<string, (url: string) => ReturnType<typeof post>>> = {
    'tool, text and structured content, modern': (url) => post(url, ...toolCall('modern', 'employee')),
    'tool, text and structured content, legacy': (url) => post(url, ...toolCall('legacy', 'employee')),
    'resource, modern': (url) =>
      post(
        url,
        modern('resources/read', { uri: 'employee://one' }),
        modernHeaders('resources/read', 'employee://one'),
      ),
    'resource, legacy': (url) => post(url, legacy('resources/read', { uri: 'employee://one' })),
    'prompt, modern': (url) =>
      post(
        url,
        modern('prompts/get', { name: 'letter', arguments: { to: 'Bob' } }),
        modernHeaders('prompts/get', 'letter'),
      ),
    'prompt, legacy': (url) => post(url, legacy('prompts/get', { name: 'letter', arguments: { to: 'Bob' } })),
  };

  it.each(Object.entries(asked))('%s', async (name, ask_) => {
    const plain = await serve(files);
    const trusted = await serve(files, { persona: person({ role: 'hr' }) });
    const [others, hr] = [await ask_(plain.url), await ask_(trusted.url)];
    expect(others.text).not.toContain('PLANTED');
    expect(others.text).toContain(name.startsWith('prompt') ? 'Letters are for HR' : '****');
    expect(hr.text).toContain('PLANTED');
    if (name.startsWith('tool')) {
      expect(others.messages[0]?.['result']).toMatchObject({
        content: [{ text: '{"name":"Ann","ssn":"****","region":"north"}' }],
        structuredContent: { name: 'Ann', ssn: '****', region: 'north' },
      });
    }
  });
});

describe('a policy on the attributes and rows of a resource', () => {
  const files = {
    'resources/orders.yml': `
mxcp: 1
resource:
  uri: orders://{region}
  name: orders
  description: Orders of a region.
  parameters: [{name: region, type: string}]
  return: {type: array, items: {type: object, properties: {id: {type: integer}, owner: {type: string}}}}
  policies:
    input: [{id: own-region, condition: region != user.claims.region, action: deny, reason: Not your region}]
    output: [{id: own-orders, condition: "user.role != 'lead'", action: keep_rows, where: row.owner == user.username}]
  source: {code: "SELECT * FROM (VALUES (1, 'ann'), (2, 'bob'), (3, NULL)) AS o(id, owner) WHERE $region != ''"}
`,
  };

  it('lets everybody see what is theirs, and nobody another region', async () => {
    const { runtime } = await open(files);
    const read = async (who: ReturnType<typeof person>, region: string): Promise<string> =>
      endOf(await ask(runtime, who, `orders://${region}`, undefined, { kind: 'resource' }));
    const claims = { region: 'north' };
    expect(await read(person({ username: 'ann', claims }), 'north')).toBe('[{"id":1,"owner":"ann"}]');
    expect(await read(person({ username: 'bob', claims }), 'north')).toBe('[{"id":2,"owner":"bob"}]');
    expect(await read(person({ username: 'eve', role: 'lead', claims }), 'north')).toContain('"id":3');
    expect(await read(person({ username: 'ann', claims }), 'south')).toBe('POLICY_DENIED');
    expect(await read(person({ username: 'ann' }), 'north')).toBe('POLICY_DENIED');
  });
});

describe('the commands of the security overview', () => {
  const files = {
    'mxcp-site.yml': site,
    'tools/people.yml': tool(inner),
    'tools/fail.yml': `
mxcp: 1
tool: {name: fail, description: Fails., return: {type: integer}, source: {code: "SELECT error('no')"}}
`,
  };

  it('show the denials of a day and the errors of an hour, as they are written', async () => {
    const { mxcp } = temporarySite(files);
    const may = ['-u', 'permissions=data.read'];
    expect((await mxcp(['run', 'tool', 'people'])).code).toBe(1);
    expect((await mxcp(['run', 'tool', 'fail'])).code).toBe(1);
    expect((await mxcp(['run', 'tool', 'people', ...may])).code).toBe(0);
    const shown = async (...args: string[]): Promise<unknown[]> => {
      const { stdout } = await mxcp(['log', ...args, '--jsonl', '--asc']);
      const lines = stdout.split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as unknown);
    };
    expect(await shown('--policy', 'deny', '--since', '24h')).toMatchObject([
      {
        operation_name: 'people',
        policy_reason: 'Insufficient permissions',
        policy_rule: 'tool/people/input[0]',
      },
    ]);
    expect(await shown('--status', 'error', '--since', '1h')).toMatchObject([
      { operation_name: 'people', error_code: 'POLICY_DENIED' },
      { operation_name: 'fail', error_code: 'EXECUTE_FAILED' },
    ]);
    expect(await shown('--policy', 'deny', '--until', '1h')).toEqual([]);
  });

  it('open the database read-only: what reads is served, what writes is refused and changes nothing', async () => {
    const endpoint = (name: string, sql: string): string =>
      `mxcp: 1\ntool: {name: ${name}, description: D, source: {code: "${sql}"}}\n`;
    const { mxcp } = temporarySite({
      'mxcp-site.yml': site.replace("':memory:'", 'data.duckdb'),
      'tools/read.yml': endpoint('read', 'SELECT 1 AS one'),
      'tools/write.yml': endpoint('write', 'CREATE TABLE written AS SELECT 1 AS one'),
    });
    expect((await mxcp(['run', 'tool', 'read'])).code).toBe(0);
    expect((await mxcp(['run', 'tool', 'read', '--readonly'])).code).toBe(0);
    const refused = await mxcp(['run', 'tool', 'write', '--readonly', '--json']);
    expect([refused.code, refused.json()['status']]).toEqual([1, 'error']);
    expect((await mxcp(['run', 'tool', 'write'])).code).toBe(0);
  });
});
