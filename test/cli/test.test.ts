import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bootstrappedSite, temporarySite } from './temporary-site.js';

const site = `mxcp: 1
project: counters
profile: dev
users:
  writer: { user_id: w, role: writer }
profiles:
  dev:
    duckdb: { path: ":memory:", init: "CREATE TABLE c (n INTEGER); INSERT INTO c VALUES (1)" }
`;

function tool(name: string, tests: string, more = ''): string {
  return `mxcp: 1
tool:
  name: ${name}
  source: { code: "SELECT n FROM c" }
  return: { type: array, items: { type: object, properties: { n: { type: integer } } } }
${more}  tests:
${tests}`;
}

const add = `mxcp: 1
tool:
  name: add
  parameters: [{ name: by, type: integer }]
  source: { code: "UPDATE c SET n = n + $by RETURNING n" }
  return: { type: object, properties: { n: { type: integer } } }
  policies:
    input:
      - { id: writers, condition: "user.role != 'writer'", action: deny, reason: Writers only }
  tests:
    - { name: first, user: writer, arguments: { by: 1 }, result: { n: 2 } }
    - { name: second, user: writer, arguments: { by: 1 }, result: { n: 2 } }
    - { name: third, user: writer, arguments: { by: 1 }, result: { n: 2 } }
    - { name: others may not, arguments: { by: 1 }, decision: deny, rule: writers }
`;

describe('mxcp test', () => {
  it('passes on the site that init makes, with every rule seen from both sides', async () => {
    const bootstrapped = await bootstrappedSite();
    const { code, stdout, stderr } = await bootstrapped.mxcp(['test', '--coverage']);
    expect(stdout).toContain('8 passed');
    expect(stdout).toContain('Rule coverage: 100 % of both sides of 6 rules');
    expect(stderr).toContain('no profile test');
    expect(code).toBe(0);
  });

  it('rolls back what each test writes', async () => {
    const counters = temporarySite({ 'mxcp-site.yml': site, 'tools/add.yml': add });
    const { code, json } = await counters.mxcp(['test', '--json']);
    expect(json()).toMatchObject({ result: { status: 'ok', tests_run: 4, passed: 4 } });
    expect(code).toBe(0);
  });

  it('ends with 1 when a test fails, and shows the difference', async () => {
    const tests = '    - { name: right, result: [{ n: 1 }] }\n    - { name: wrong, result: [{ n: 7 }] }\n';
    const counters = temporarySite({ 'mxcp-site.yml': site, 'tools/get.yml': tool('get', tests) });
    const { code, stdout } = await counters.mxcp(['test']);
    expect(code).toBe(1);
    expect(stdout).toContain('✗ wrong');
    expect(stdout).toContain('result: [0].n: expected 7, got 1');
    expect(stdout).toContain('1 passed, 1 failed');
  });

  it('reads tests from files of their own', async () => {
    const tests = `mxcp: 1
tool:
  name: get
  tests:
    - { name: from a file, result_length: 1, schema_valid: true }
`;
    const counters = temporarySite({
      'mxcp-site.yml': site,
      'tools/get.yml': tool('get', '    - { name: own, result_length: 1 }\n'),
      'tests/get.yml': tests,
    });
    const { json } = await counters.mxcp(['test', '--json']);
    expect(json()).toMatchObject({ result: { tests_run: 2, passed: 2 } });
  });

  it('ends with 3, and says why, when a file of tests cannot be read', async () => {
    const counters = temporarySite({
      'mxcp-site.yml': site,
      'tools/get.yml': tool('get', '    - { name: own, result_length: 1 }\n'),
      'tests/get.yml': 'mxcp: 1\ntool: get\n',
    });
    const { code, stdout, stderr } = await counters.mxcp(['test']);
    expect(stdout).toContain('1 passed');
    expect(stderr).toMatch(/tests\/get\.yml:2:\d+ error/);
    expect(code).toBe(3);
  });

  it('runs in profile test when the site has one', async () => {
    const testProfile =
      '  test:\n    duckdb: { path: ":memory:", init: "CREATE TABLE c AS SELECT 5 AS n" }\n';
    const counters = temporarySite({
      'mxcp-site.yml': site + testProfile,
      'tools/get.yml': tool('get', '    - { name: five, result: [{ n: 5 }] }\n'),
    });
    expect(await counters.mxcp(['test'])).toMatchObject({ code: 0, stderr: '' });
    expect(await counters.mxcp(['test', '--profile', 'dev'])).toMatchObject({ code: 1 });
  });

  it('lets -u and --request-headers win over what tests say', async () => {
    const counters = temporarySite({ 'mxcp-site.yml': site, 'tools/add.yml': add });
    const { json, code } = await counters.mxcp(['test', 'tool', 'add', '-u', 'role=writer', '--json']);
    expect(json()).toMatchObject({ result: { passed: 3, failed: 1 } });
    expect(code).toBe(1);
  });

  it('shows tests the headers that they state, without credentials', async () => {
    const headers = `mxcp: 1
tool:
  name: headers
  source: { code: "SELECT get_request_header('X-Team') AS team, get_request_header('Authorization') AS secret" }
  return: { type: object }
  tests:
    - { name: sees, request_headers: { X-Team: blue, Authorization: Bearer x }, result: { team: blue, secret: null } }
`;
    const counters = temporarySite({ 'mxcp-site.yml': site, 'tools/headers.yml': headers });
    expect((await counters.mxcp(['test', '--json'])).json()).toMatchObject({ result: { passed: 1 } });
    const red = ['--request-headers', '{"x-team": "red"}'];
    const { stdout } = await counters.mxcp(['test', ...red]);
    expect(stdout).toContain('result: team: expected "blue", got "red"');
  });

  it('selects by kind and name, and says when there is no such endpoint', async () => {
    const counters = temporarySite({
      'mxcp-site.yml': site,
      'tools/add.yml': add,
      'tools/get.yml': tool('get', '    - { name: one, result_length: 1 }\n'),
    });
    expect((await counters.mxcp(['test', 'tool', 'get', '--json'])).json()).toMatchObject({
      result: { tests_run: 1 },
    });
    expect((await counters.mxcp(['test', 'prompt'])).stdout).toBe('No tests\n');
    const { code, stderr } = await counters.mxcp(['test', 'tool', 'gte']);
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean get?');
  });

  it('names the rules that tests leave out', async () => {
    const rule = `  policies:
    output:
      - { id: hide, condition: "user.role != 'hr'", action: filter_fields, fields: [n] }
`;
    const counters = temporarySite({
      'mxcp-site.yml': site,
      'tools/get.yml': tool(
        'get',
        '    - { name: hidden, result_not_contains: [n], decision: warn }\n',
        rule,
      ),
    });
    const text = await counters.mxcp(['test', '--coverage']);
    expect(text.stdout).toMatch(
      /Rules that no test made not match:\n {2}hide \(tools\/get\.yml:\d+\)\nRule coverage: 50 %/,
    );
    expect(text.code).toBe(0);
    const json = await counters.mxcp(['test', '--coverage', '--json']);
    expect(json.json()).toMatchObject({
      result: { coverage: { percent: 50, rules: [{ id: 'hide', matched: true, not_matched: false }] } },
    });
  });

  it('writes JUnit XML', async () => {
    const counters = temporarySite({ 'mxcp-site.yml': site, 'tools/add.yml': add });
    await counters.mxcp(['test', '--junit', 'out.xml']);
    const xml = readFileSync(join(counters.root, 'out.xml'), 'utf8');
    expect(xml).toContain('<testsuites name="mxcp" tests="4" failures="0" errors="0" skipped="0"');
  });

  it('ends with 3 when an endpoint is broken, and still runs the others', async () => {
    const counters = temporarySite({
      'mxcp-site.yml': site,
      'tools/get.yml': tool('get', '    - { name: one, result_length: 1 }\n'),
      'tools/bad.yml': tool('bad', '    - { name: never, result_length: 1 }\n').replace(
        'FROM c',
        'FROM nowhere',
      ),
    });
    const { code, json, stderr } = await counters.mxcp(['test', '--json']);
    expect(json()).toMatchObject({ result: { passed: 1, notRun: 1 } });
    expect(stderr).toContain('left out: 1');
    expect(code).toBe(3);
  });

  it('stops at an interrupt: what has not begun is not run', async () => {
    const counters = temporarySite({ 'mxcp-site.yml': site, 'tools/add.yml': add });
    const { json, code } = await counters.mxcp(['test', '--json'], { signal: AbortSignal.abort() });
    expect(json()).toMatchObject({ result: { tests_run: 0, notRun: 4 } });
    expect(code).toBe(3);
  });
});
