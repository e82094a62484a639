import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bootstrappedSite, temporarySite, type TemporarySite } from './temporary-site.js';

let site: TemporarySite;

beforeAll(async () => {
  site = await bootstrappedSite();
  writeFileSync(join(site.root, 'hanna.json'), '{"user_id": "hanna", "role": "hr"}');
  writeFileSync(join(site.root, 'arguments.json'), '"Sales"');
});

const board = ['run', 'tool', 'find_people', '-p', 'department=Board'];
const sales = ['run', 'tool', 'find_people', '-p', 'department=Sales'];

function auditLines(): Record<string, unknown>[] {
  const folder = join(site.root, 'audit');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('mxcp run', () => {
  it('gives different callers different answers', async () => {
    const hr = await site.mxcp([...sales, '--as', 'hanna', '--json']);
    const employee = await site.mxcp([...sales, '--as', 'erik', '--json']);
    const stranger = await site.mxcp([...sales, '--json']);
    const person = { name: 'Cleo Moss', department: 'Sales' };
    expect(hr.json()).toEqual({
      status: 'ok',
      result: [{ ...person, email: 'cleo.moss@example.com', salary: 69_000 }],
    });
    expect(employee.json()).toEqual({
      status: 'ok',
      result: [{ ...person, email: 'cleo.moss@example.com' }],
    });
    expect(stranger.json()).toEqual({ status: 'ok', result: [{ ...person, email: 'c***s@example.com' }] });
    expect([hr.code, employee.code, stranger.code]).toEqual([0, 0, 0]);
  });

  it.each([
    ['pairs', ['-u', 'user_id=hanna,role=hr']],
    ['JSON', ['-u', '{"user_id": "hanna", "role": "hr"}']],
    ['a file', ['-u', '@hanna.json']],
    ['the long name', ['--user-context', 'role=hr']],
  ])('takes the caller as %s', async (_, who) => {
    const { stdout, code } = await site.mxcp([...sales, ...who]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ salary: 69_000 }]);
  });

  it('takes the caller from MXCP_AS, over which both options win', async () => {
    const env = { MXCP_AS: 'hanna' };
    const hr = await site.mxcp([...sales, '--json'], { env });
    const as = await site.mxcp([...sales, '--as', 'erik', '--json'], { env });
    const stated = await site.mxcp([...sales, '-u', 'role=employee', '--json'], { env });
    expect(hr.json()).toMatchObject({ result: [{ salary: 69_000 }] });
    for (const { stdout, code } of [as, stated])
      expect([code, stdout.includes('salary')]).toEqual([0, false]);
  });

  it('refuses a caller with a misspelt key, and takes other keys for claims', async () => {
    const slip = await site.mxcp([...sales, '-u', 'role=hr,grops=people']);
    expect([slip.code, slip.stdout]).toEqual([2, '']);
    expect(slip.stderr).toContain('did you mean groups?');
    expect((await site.mxcp([...sales, '-u', 'role=hr,region=north'])).code).toBe(0);
  });

  it('takes arguments from a JSON file', async () => {
    const { json } = await site.mxcp([
      'run',
      'tool',
      'find_people',
      '-p',
      'department=@arguments.json',
      '--json',
    ]);
    expect(json()).toMatchObject({ result: [{ name: 'Cleo Moss' }] });
  });

  it('ends with 1 on a denial, with its reason on stderr and nothing on stdout', async () => {
    const { code, stdout, stderr } = await site.mxcp(board);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('Only HR may look at the board [POLICY_DENIED]');
  });

  it('gives a denial as a JSON document with the call id', async () => {
    const { code, json } = await site.mxcp([...board, '--json']);
    expect(code).toBe(1);
    expect(json()).toEqual({
      status: 'error',
      error: 'Only HR may look at the board',
      code: 'POLICY_DENIED',
      issues: [],
      call_id: expect.any(String) as string,
    });
  });

  it('records what it does, and who was asserted', async () => {
    const { json } = await site.mxcp([...board, '--as', 'erik', '--json']);
    const callId = json()['call_id'];
    expect(auditLines().find((line) => line['call_id'] === callId)).toMatchObject({
      operation_name: 'find_people',
      caller_type: 'cli',
      user_id: 'erik',
      identity_source: 'asserted',
      policy_decision: 'deny',
      policy_rule: 'board-is-for-hr',
    });
  });

  it('explains every rule: matched or not, what it did, where it stands', async () => {
    const { json } = await site.mxcp(['run', 'tool', 'find_people', '--as', 'erik', '--explain', '--json']);
    expect(json()).toMatchObject({
      result: {
        caller: { role: 'employee' },
        decision: 'warn',
        rules: [
          { id: 'board-is-for-hr', stage: 'input', matched: false },
          { id: 'board-rows-for-hr', stage: 'output', action: 'keep_rows', matched: true, changed: 1 },
          { id: 'salary-for-hr', matched: true, changed: 3 },
          { id: 'email-for-signed-in', matched: false, changed: 0 },
        ],
      },
    });
    const { stdout } = await site.mxcp([...board, '--explain']);
    expect(stdout).toMatch(/^Caller: role anonymous; roles: .+\nDecision: deny by board-is-for-hr$/m);
    expect(stdout).toMatch(/input board-is-for-hr: matched\n {2}deny at tools\/find_people\.yml:\d+:\d+/);
    expect(stdout).toContain('output salary-for-hr: not asked');
    expect(stdout).toMatch(/output email-for-signed-in: .+\n {2}mask_fields email at tools/);
  });

  it.each([
    ['an unknown tool', ['run', 'tool', 'find_poeple'], 1, 'CALL_UNKNOWN_ENDPOINT'],
    ['an unknown parameter', [...sales, '-p', 'x=1'], 1, 'CALL_INVALID_ARGUMENTS'],
    [
      'a value that is not allowed',
      ['run', 'tool', 'find_people', '-p', 'department=HR'],
      1,
      'CALL_INVALID_ARGUMENTS',
    ],
    ['an unknown user', [...sales, '--as', 'hana'], 2, 'USAGE_INVALID'],
    ['a user of an object', [...sales, '--as', 'constructor'], 2, 'USAGE_INVALID'],
    ['two callers', [...sales, '--as', 'hanna', '-u', 'role=hr'], 2, 'USAGE_INVALID'],
    ['no assignment', [...sales, '-p', 'department'], 2, 'USAGE_INVALID'],
    ['an argument given twice', [...sales, '-p', 'department=Board'], 2, 'USAGE_INVALID'],
    ['a file that is not there', [...sales, '-u', '@nobody.json'], 2, 'USAGE_INVALID'],
    ['headers that are no object', [...sales, '--request-headers', '[]'], 2, 'USAGE_INVALID'],
    ['JSON with a duplicate key', [...sales, '-u', '{"role": "hr", "role": "guest"}'], 2, 'USAGE_INVALID'],
  ])('ends with the right code on %s', async (_, args, code, error) => {
    const ran = await site.mxcp([...args, '--json']);
    expect(ran.json()).toMatchObject({ status: 'error', code: error });
    expect(ran.code).toBe(code);
  });

  it('says where the JSON of an option breaks, without quoting it', async () => {
    const { code, stderr } = await site.mxcp([...sales, '-u', '{"role": "hr",\n bad}']);
    expect(code).toBe(2);
    expect(stderr).toContain('not valid JSON at line 2, column 2');
    expect(stderr).not.toContain('bad');
  });

  it('points from a denial to --explain, unless that was given', async () => {
    expect((await site.mxcp(board)).stderr).toContain('--explain shows');
    expect((await site.mxcp([...board, '--explain'])).stderr).not.toContain('--explain shows');
  });

  it('suggests the endpoint that was meant', async () => {
    const { stderr } = await site.mxcp(['run', 'tool', 'find_poeple']);
    expect(stderr).toContain('Did you mean find_people?');
  });

  it('tells the operator which rule could not be evaluated, where and why', async () => {
    const rule = "{id: seniors, condition: 'user.claims.level > 3', action: deny}";
    const broken = temporarySite({
      'mxcp-site.yml': 'project: p\nprofile: dev\n',
      'tools/t.yml': `tool: {name: t, source: {code: SELECT 1}, policies: {input: [${rule}]}}\n`,
      'tools/none.yml': `tool: {name: none, source: {code: SELECT 1 WHERE false}, return: {type: integer}}\n`,
    });
    const { stderr, code } = await broken.mxcp(['run', 'tool', 't']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Rule seniors at tools\/t\.yml:1:\d+ could not be evaluated: \S/);
    const empty = await broken.mxcp(['run', 'tool', 'none']);
    expect(empty.stderr).toMatch(/No results returned.*\n.*`nullable: true`/);
  });

  it('never puts data of the call into the text of an error', async () => {
    const { stdout, stderr } = await site.mxcp([...sales, '-p', 'x=hunter2secret', '--debug']);
    expect(stdout + stderr).not.toContain('hunter2secret');
  });
});

describe('a call that cannot be recorded', () => {
  it('does not happen: exit code 1, and nothing on stdout', async () => {
    const unrecorded = await bootstrappedSite();
    const file = join(unrecorded.root, 'mxcp-site.yml');
    writeFileSync(file, `${readFileSync(file, 'utf8')}    audit: { path: sql/people.sql/logs.jsonl }\n`);
    const { code, stdout, stderr } = await unrecorded.mxcp(sales);
    expect(stderr).toContain('AUDIT_UNAVAILABLE');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });
});

describe('mxcp query', () => {
  it('prints a table, or JSON', async () => {
    const sql = 'SELECT name, salary FROM people WHERE salary > $least ORDER BY salary';
    const table = await site.mxcp(['query', sql, '-p', 'least=80000']);
    expect(table.stdout).toBe('name      salary\nAda Berg  92000\nDag Holm  210000\n2 rows\n');
    const json = await site.mxcp(['query', sql, '-p', 'least=100000', '--json']);
    expect(json.json()).toEqual({ status: 'ok', result: [{ name: 'Dag Holm', salary: 210_000 }] });
  });

  it('cannot be made to control the terminal by data', async () => {
    const { stdout } = await site.mxcp(['query', "SELECT chr(27) || '[2J' AS x"]);
    expect(stdout).toContain('\\u{1b}[2J');
    expect(stdout).not.toContain('\u001b');
  });

  it('names the parameters that are missing, and those that the SQL does not have', async () => {
    const { code, stderr } = await site.mxcp(['query', 'SELECT $x AS x', '-p', 'y=1']);
    expect(code).toBe(1);
    expect(stderr).toContain('Required parameter missing: x');
    expect(stderr).toContain('Unknown parameter: y');
  });

  it('reads SQL from a file, and refuses both or none', async () => {
    writeFileSync(join(site.root, 'count.sql'), 'SELECT count(*) AS n FROM people');
    expect((await site.mxcp(['query', '--file', 'count.sql', '--json'])).json()).toMatchObject({
      result: [{ n: 4 }],
    });
    expect((await site.mxcp(['query'])).code).toBe(2);
    expect((await site.mxcp(['query', 'SELECT 1', '--file', 'count.sql'])).code).toBe(2);
  });

  it('ends with 1 and says why when the SQL fails', async () => {
    const { code, stdout, stderr } = await site.mxcp(['query', 'SELECT nmae FROM people']);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('nmae');
  });

  it('is recorded', () => {
    expect(
      auditLines().some((line) => line['operation_name'] === 'query' && line['operation_type'] === 'admin'),
    ).toBe(true);
  });
});

describe('mxcp run for want of a scope', () => {
  it('says how to give it', async () => {
    const one = temporarySite({
      'mxcp-site.yml': `mxcp: 1
project: shop
profile: default
authorization: { tags_as_scopes: true, scoped_tags: [hr], anonymous_scopes: [] }
`,
      'tools/x.yml': 'mxcp: 1\ntool: { name: x, tags: [hr], source: { code: SELECT 1 AS n } }\n',
    });
    const refused = await one.mxcp(['run', 'tool', 'x', '-u', '{"role": "a", "scopes": []}']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('Say in -u that the caller has them: "scopes": ["tag:hr"]');
    const allowed = await one.mxcp(['run', 'tool', 'x', '-u', '{"role": "a", "scopes": ["tag:hr"]}']);
    expect(allowed.code).toBe(0);
  });
});
