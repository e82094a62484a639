import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bootstrappedSite, temporarySite } from './temporary-site.js';

const site = `mxcp: 1
project: p
profile: dev
profiles:
  dev: { duckdb: { path: ":memory:", init: "CREATE TABLE c AS SELECT 1 AS n" } }
`;
const good = 'mxcp: 1\ntool: { name: good, source: { code: "SELECT n FROM c" } }\n';
const badSql =
  'mxcp: 1\ntool:\n  name: bad_sql\n  source:\n    code: |\n      SELECT n\n      FROM nowhere\n';
const badKey = 'mxcp: 1\ntool:\n  name: bad_key\n  descripton: x\n  source: { code: "SELECT 1" }\n';

function brokenSite(): ReturnType<typeof temporarySite> {
  return temporarySite({
    'mxcp-site.yml': site,
    'tools/good.yml': good,
    'tools/bad_sql.yml': badSql,
    'tools/deep/bad_key.yml': badKey,
  });
}

describe('mxcp validate', () => {
  it('finds nothing wrong with the site that init makes', async () => {
    const { code, stdout, stderr } = await (await bootstrappedSite()).mxcp(['validate']);
    expect({ code, stderr, stdout }).toEqual({
      code: 0,
      stderr: '',
      stdout: '2 endpoints checked: no problems\n',
    });
  });

  const places = async (tool: string, args: readonly string[] = []): Promise<readonly string[]> => {
    const one = temporarySite({ 'mxcp-site.yml': site, 'tools/t.yml': `tool:\n  name: t\n${tool}` });
    const { issues } = (await one.mxcp(['validate', '--json', ...args])).json() as {
      issues: readonly { line: number; rule: string }[];
    };
    return issues.map(({ line, rule }) => `${line} ${rule}`);
  };

  const rest = [
    '  parameters: [{ name: a, type: integer, default: x }]',
    '  policies: { input: [{ condition: user.rol == 1, action: deny }] }',
    '  source: { code: SELEC $a }',
    '',
  ].join('\n');

  it('shows the line of a field that no result has', async () => {
    const rule = '    - { condition: "true", action: mask_fields, fields: [n, emial] }';
    const tool = `tool:\n  name: t\n  source: { code: SELECT 1 AS n }\n  policies:\n   output:\n${rule}\n`;
    const one = temporarySite({ 'mxcp-site.yml': site, 'tools/t.yml': tool });
    const { stderr } = await one.mxcp(['validate']);
    const caret = ' '.repeat(rule.indexOf('emial'));
    expect(stderr).toContain(`[unknown-field]\n    ${rule}\n    ${caret}^\n`);
  });

  it('tells the mistakes of types, rules and SQL together with a misspelt key', async () => {
    const all = ['3 unknown-key', '4 literal-does-not-fit', '5 policy-condition', '6 sql-does-not-prepare'];
    expect(await places(`  descripton: x\n${rest}`)).toEqual(all);
    expect(await places(`  descripton: x\n${rest}`, ['--no-database'])).toEqual(all.slice(0, 3));
    expect(await places(`  tests: [{ nam: x }]\n${rest}`)).toEqual(expect.arrayContaining(all.slice(1)));
  });

  it('tells only the mistakes of the body where rules and types depend on what was misspelt', async () => {
    const misspelt = rest.replace('parameters', 'paramters');
    expect(await places(misspelt)).toEqual(['3 unknown-key', '5 sql-does-not-prepare']);
    expect(await places(misspelt.replace('SELEC', 'SELECT'))).toEqual(['3 unknown-key']);
    expect(await places(rest.replace('code', 'cod'))).toEqual(['5 exactly-one', '5 unknown-key']);
  });

  it('tells the mistakes of endpoints that have the same name', async () => {
    const double = temporarySite({ 'mxcp-site.yml': site, 'tools/a.yml': badSql, 'tools/b.yml': badSql });
    const { stderr } = await double.mxcp(['validate']);
    expect(stderr.match(/\[duplicate-name\]/g)).toHaveLength(2);
    expect(stderr.match(/\[sql-does-not-prepare\]/g)).toHaveLength(2);
  });

  it('tells what is wrong with a rule of the site that no endpoint needs so far', async () => {
    const rule = (condition: string): string =>
      `${site}policies: { input: [{ match: { tags: [later] }, action: deny, condition: "${condition}" }] }\n`;
    const found = async (condition: string): Promise<string> =>
      (await temporarySite({ 'mxcp-site.yml': rule(condition), 'tools/good.yml': good }).mxcp(['validate']))
        .stderr;
    expect(await found("user.rol == 'x'")).toMatch(/mxcp-site\.yml:6:\d+ error .*no field `rol`/);
    expect(await found('who == 7 && args.many.size() > 1')).not.toContain('policy-condition');
  });

  it('works in any folder below the site', async () => {
    const bootstrapped = await bootstrappedSite();
    expect(await bootstrapped.mxcp(['validate'], { cwd: join(bootstrapped.root, 'sql') })).toMatchObject({
      code: 0,
    });
  });

  it('reports all problems of all files in one run, located, and ends with 3', async () => {
    const { code, stderr } = await brokenSite().mxcp(['validate']);
    expect(code).toBe(3);
    expect(stderr).toMatch(/tools\/bad_sql\.yml:7:\d+ error .*nowhere.* \[[a-z-]+\]\n/);
    expect(stderr).toMatch(/tools\/deep\/bad_key\.yml:4:3 error .*descripton/);
    expect(stderr).toMatch(/\^/);
    expect(stderr).toContain('2 errors, 0 warnings');
  });

  it('gives one JSON document, with the issues flat', async () => {
    const { code, json } = await brokenSite().mxcp(['validate', '--json']);
    expect(code).toBe(3);
    expect(json()).toMatchObject({
      status: 'error',
      code: 'CONFIG_INVALID',
      issues: [
        { file: 'tools/bad_sql.yml', line: 7, endpoint: 'tool/bad_sql' },
        { file: 'tools/deep/bad_key.yml', line: 4 },
      ],
    });
  });

  it.each([
    ['an endpoint', 'bad_sql', 3, 1],
    ['an endpoint with its kind', 'tool/bad_sql', 3, 1],
    ['a file, from the working directory', 'tools/deep/bad_key.yml', 3, 1],
    ['a good endpoint', 'good', 0, 0],
  ])('looks at %s only', async (_, target, code, problems) => {
    const ran = await brokenSite().mxcp(['validate', target, '--json']);
    const { issues = [] } = (ran.json()['result'] ?? ran.json()) as { issues?: unknown[] };
    expect(issues).toHaveLength(problems);
    expect(ran.code).toBe(code);
  });

  it('still finds everything else when the database cannot be opened', async () => {
    const { code, stdout, stderr } = await temporarySite({
      'mxcp-site.yml': site.replace(':memory:', 'tools/good.yml'),
      'tools/good.yml': good,
      'tools/bad_key.yml': badKey,
    }).mxcp(['validate']);
    expect(code).toBe(3);
    expect(stdout).toContain('not looked at until the profile and its database are mended');
    expect(stderr).toMatch(/mxcp-site\.yml:5:\d+ error .*good\.yml.* \[database-unavailable\]/);
    expect(stderr).toMatch(/tools\/bad_key\.yml:4:3 error/);
  });

  it('takes no table for missing because the profile that makes it is misspelt', async () => {
    const { code, stderr } = await temporarySite({
      'mxcp-site.yml': site.replace('profile: dev', 'profile: de'),
      'tools/good.yml': good,
    }).mxcp(['validate']);
    expect(code).toBe(3);
    expect(stderr).toContain('Did you mean "dev"?');
    expect(stderr).not.toContain('sql-does-not-prepare');
  });

  it('finds mistakes in the init of the database, located', async () => {
    const { code, stderr } = await temporarySite({
      'mxcp-site.yml': site.replace('CREATE TABLE', 'CREAT TABLE'),
      'tools/good.yml': good,
    }).mxcp(['validate']);
    expect(code).toBe(3);
    expect(stderr).toMatch(/mxcp-site\.yml:5:\d+ error/);
  });

  it('refuses a target that does not exist', async () => {
    const { code, stderr } = await brokenSite().mxcp(['validate', 'godo']);
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean good?');
  });

  it('checks everything but SQL without a database, and says how much it did not see', async () => {
    const { code, stdout, stderr } = await brokenSite().mxcp(['validate', '--no-database']);
    expect(code).toBe(3);
    expect(stderr).not.toContain('nowhere');
    expect(stdout).toContain('the SQL of 3 not looked at (--no-database)');
  });

  it('speaks to GitHub and to code scanners, with paths from the working directory', async () => {
    const broken = brokenSite();
    const above = { cwd: join(broken.root, '..') };
    const github = await broken.mxcp(['validate', '--format', 'github', '--site', 'site'], above);
    expect(github.stdout).toMatch(/^::error file=site\/tools\/bad_sql\.yml,line=7,col=\d+,title=/);
    expect(github.code).toBe(3);
    const sarif = await broken.mxcp(['validate', '--format', 'sarif', '--site', 'site'], above);
    expect(sarif.json()).toMatchObject({ version: '2.1.0', runs: [{ results: [{}, {}] }] });
  });

  it('ends with 3 where there is no site', async () => {
    const { code, json } = await brokenSite().mxcp(['validate', '--json'], { cwd: '/' });
    expect(code).toBe(3);
    expect(json()).toMatchObject({ code: 'CONFIG_NOT_FOUND' });
  });

  it('says per file what works, what differs and what needs porting', async () => {
    const python = 'mxcp: 1\ntool: { name: py, language: python, source: { file: ../python/x.py } }\n';
    const old = temporarySite({ 'mxcp-site.yml': site, 'tools/py.yml': python, 'tools/good.yml': good });
    const { code, stdout } = await old.mxcp(['validate', '--migration']);
    expect(code).toBe(3);
    expect(stdout).toContain('needs porting tools/py.yml');
    expect(stdout).toMatch(/needs porting: 1\n$/);
    for (const more of [['--format', 'github'], ['tools/a.yml']])
      expect((await old.mxcp(['validate', '--migration', ...more])).code).toBe(2);
  });
});

describe('mxcp list', () => {
  it('shows endpoints, and broken ones with the reason', async () => {
    const { code, stdout } = await brokenSite().mxcp(['list']);
    expect(code).toBe(3);
    expect(stdout).toMatch(/tool\s+good\s+-\s+tools\/good\.yml/);
    expect(stdout).toMatch(/bad_key.*descripton/);
  });

  it('selects by kind and tag', async () => {
    const bootstrapped = await bootstrappedSite();
    const names = async (...args: string[]): Promise<unknown> =>
      (await bootstrapped.mxcp(['list', '--json', ...args])).json()['result'];
    expect(await names('--tag', 'people')).toMatchObject({
      endpoints: [
        {
          kind: 'tool',
          name: 'find_people',
          path: 'tools/find_people.yml',
          rules: { input: ['board-is-for-hr'] },
        },
        { kind: 'tool', name: 'team_summary' },
      ],
    });
    expect(await names('--kind', 'prompt')).toMatchObject({ endpoints: [] });
    expect(await names('--tag', 'nothing')).toMatchObject({ endpoints: [] });
  });
});

describe('mxcp config', () => {
  it('prints each setting with its origin, and hides secrets', async () => {
    const bootstrapped = await bootstrappedSite();
    const env = { MXCP_SECRET_KEY: 'correct-horse-battery-staple', MXCP_PORT: '9001' };
    const { stdout, code } = await bootstrapped.mxcp(['config'], { env });
    expect(code).toBe(0);
    expect(stdout).toMatch(/transport\.http\.port +9001 +environment/);
    expect(stdout).toMatch(/duckdb\.path +:memory: +site/);
    expect(stdout).toMatch(/duckdb\.init +sql\/people\.sql +site/);
    expect(stdout).toMatch(/policies\.strict_fields +true +site/);
    expect(stdout).toMatch(/policies\.hide_denied +true +default/);
    expect(stdout).toMatch(/transport\.shutdown_grace +\d+ ms +default/);
    expect(stdout).toMatch(/limits\.timeout +30 s +default/);
    expect(stdout).toMatch(/limits\.max_bytes +\d+ bytes +default/);
    expect(stdout).toMatch(/audit\.max_value_bytes +4096 bytes +default/);
    expect(stdout).toMatch(/limits\.max_rows +\d+ +default/);
    const { result } = (await bootstrapped.mxcp(['config', '--json'], { env })).json();
    const timeout = { path: 'limits.timeout', value: 30, unit: 's', from: 'default' };
    expect(result).toMatchObject({ settings: expect.arrayContaining([timeout]) as object[] });
    expect(stdout).toMatch(/secret_key +\[hidden\] +environment/);
    expect(stdout).not.toContain('battery');
  });

  it('names what the database is made from, and shows nothing of what may hold a password', async () => {
    const settings = `path: ':memory:', init: "SELECT '\${PASSWORD}'", attach: [{ name: shop, url: 'postgres:password=\${PASSWORD}' }]`;
    const { stdout } = await temporarySite({
      'mxcp-site.yml': `mxcp: 1
project: p
profile: dev
extensions: [postgres]
profiles: { dev: { duckdb: { ${settings} } } }
`,
    }).mxcp(['config'], { env: { PASSWORD: 'correct-horse' } });
    expect(stdout).toMatch(/duckdb\.init +\[SQL text\] +site/);
    expect(stdout).toMatch(/duckdb\.attach +\["shop"\] +site/);
    expect(stdout).toMatch(/extensions +\["postgres"\] +site/);
    expect(stdout).not.toContain('horse');
  });
});
