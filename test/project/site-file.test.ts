import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Project } from '../../src/model/project.js';
import { findSite } from '../../src/project/find-site.js';
import { loadProject } from '../../src/project/load.js';
import { minimalSite, newFolder, newSite, place, read } from './site.js';

/** Where a setting comes from, and its value. */
function setting(project: Project | undefined, path: string): readonly [unknown, string | undefined] {
  const found = project?.settings.find((each) => each.path === path);
  return [found?.value, found?.from];
}

const profiles = [
  'mxcp: 1',
  'project: shop',
  'profile: dev',
  'profiles:',
  '  dev:',
  '    duckdb: {path: dev.duckdb}',
  '  prod:',
  '    duckdb: {path: "${PROD_DB}", readonly: "${RO:-true}", threads: "${THREADS:-4}"}',
  '    audit: {path: "${AUDIT:-/var/log/mxcp.jsonl}", retention_days: "${DAYS:-30}"}',
  '    transport: {http: {port: "${PORT:-9000}"}}',
  '',
].join('\n');

describe('the site', () => {
  it('is the nearest folder at or above with a site file', async () => {
    const folder = await newSite();
    await mkdir(join(folder, 'a/b'), { recursive: true });
    const expected = { root: folder, file: join(folder, 'mxcp-site.yml') };
    expect(findSite(join(folder, 'a/b'))).toEqual(expected);
    expect(findSite(join(folder, 'mxcp-site.yml'))).toEqual(expected);
  });

  it('is found by --site and MXCP_SITE too, relative to the working directory', async () => {
    const folder = await newFolder();
    await mkdir(join(folder, 'x'));
    await writeFile(join(folder, 'x/mxcp-site.yml'), minimalSite);
    expect((await read(folder, { site: 'x' })).project?.root).toBe(join(folder, 'x'));
    expect((await read(folder, { env: { MXCP_SITE: 'x' } })).project?.root).toBe(join(folder, 'x'));
  });

  it('that somebody names must be there: none further up is taken for it', async () => {
    const folder = await newSite();
    const missing = { code: 'CONFIG_NOT_FOUND', message: expect.stringContaining('nowhere') as string };
    await expect(loadProject({ cwd: folder, site: 'nowhere', env: {} })).rejects.toMatchObject(missing);
    const named = loadProject({ cwd: folder, env: { MXCP_SITE: 'nowhere/mxcp-site.yml' } });
    await expect(named).rejects.toMatchObject(missing);
  });

  it('that is missing is an error that says how to make one', async () => {
    const folder = await newFolder();
    const error = { code: 'CONFIG_NOT_FOUND', message: expect.stringContaining('mxcp init') as string };
    await expect(loadProject({ cwd: folder, env: {} })).rejects.toMatchObject(error);
  });

  it.each([
    ['an empty file', '', 'mxcp-site.yml:1:1 wrong-type'],
    ['a list', '- a\n', 'mxcp-site.yml:1:1 wrong-type'],
    ['a file that is not YAML', 'a: [', 'mxcp-site.yml:1:5 yaml-syntax'],
  ])('does not load from %s', async (_what, text, expected) => {
    const { project, problems } = await read(await newSite({ 'mxcp-site.yml': text }));
    expect(project).toBeUndefined();
    expect(problems.map(place)).toEqual([expected]);
  });

  it('has defaults for everything but project and profile', async () => {
    const folder = await newSite();
    const { project, problems } = await read(folder);
    expect(problems).toEqual([]);
    expect(project).toMatchObject({
      name: 'shop',
      profile: 'default',
      server: { name: 'shop' },
      database: {
        path: join(folder, 'data/db-default.duckdb'),
        readonly: false,
        externalAccess: true,
        timezone: 'UTC',
        maxTempDirectorySize: '1GiB',
      },
      audit: {
        enabled: true,
        path: join(folder, 'audit/logs-default.jsonl'),
        maxFileSize: 52_428_800,
        onFailure: 'deny',
        retentionDays: 90,
      },
      transport: { provider: 'streamable-http', http: { host: 'localhost', port: 8000, path: '/mcp' } },
      auth: { open: true, allowAnonymous: false },
      policies: { requireInputPolicy: false, hideDenied: true, hashScope: 'field' },
    });
  });
});

describe('files and networks in SQL', () => {
  const tool = (body: string): string => `mxcp: 1\ntool: {name: one, ${body}}\n`;
  const sql = tool('source: {code: SELECT 1}');
  const typescript = tool('language: typescript, source: {code: export const one = () => 1}');
  const said = (value: boolean): string =>
    `${minimalSite}profiles:\n  default:\n    duckdb: {external_access: ${String(value)}}\n`;

  it.each([
    ['open to the SQL of authors', minimalSite, sql, true, []],
    ['closed where bodies make their own', minimalSite, typescript, false, []],
    [
      'open where the site says so, with a warning',
      said(true),
      typescript,
      true,
      ['6:14 bodies-reach-files'],
    ],
    ['closed where the site says so', said(false), sql, false, []],
  ])('are %s', async (_how, site, one, externalAccess, warnings) => {
    const folder = await newSite({ 'mxcp-site.yml': site, 'tools/one.yml': one });
    const { project, problems } = await read(folder);
    expect(project?.database.externalAccess).toBe(externalAccess);
    expect(problems.map(place)).toEqual(warnings.map((each) => `mxcp-site.yml:${each}`));
    expect(problems.every(({ severity }) => severity === 'warning')).toBe(true);
  });
});

describe('profiles', () => {
  it('of which only the active one has its variables resolved', async () => {
    const folder = await newSite({ 'mxcp-site.yml': profiles });
    const { project, problems } = await read(folder);
    expect(problems).toEqual([]);
    expect(project?.database.path).toBe(join(folder, 'dev.duckdb'));
  });

  it('are chosen by --profile over MXCP_PROFILE over the file', async () => {
    const folder = await newSite({ 'mxcp-site.yml': profiles });
    const env = { MXCP_PROFILE: 'prod', PROD_DB: '/srv/prod.duckdb' };
    expect((await read(folder, { env })).project?.profile).toBe('prod');
    expect((await read(folder, { env, profile: 'dev' })).project?.profile).toBe('dev');
  });

  it('that do not exist are an error with a suggestion', async () => {
    const folder = await newSite({ 'mxcp-site.yml': profiles });
    const { problems } = await read(folder, { profile: 'prd' });
    expect(problems.map(place)).toEqual(['mxcp-site.yml:5:3 unknown-profile']);
    expect(problems[0]).toMatchObject({
      message: expect.stringContaining('--profile') as string,
      remedy: 'Did you mean "prod"?',
    });
  });

  it.each([profiles, minimalSite])('are never left out by an empty --profile', async (text) => {
    const folder = await newSite({ 'mxcp-site.yml': text });
    const { project, problems } = await read(folder, { profile: '' });
    expect(problems.map(({ rule }) => rule)).toEqual(['unknown-profile']);
    expect(project).toBeUndefined();
  });

  it('with an unset variable are an error that names the variable and its place', async () => {
    const { problems } = await read(await newSite({ 'mxcp-site.yml': profiles }), { profile: 'prod' });
    expect(problems.map(place)).toEqual(['mxcp-site.yml:8:20 unset-variable']);
    expect(problems[0]?.message).toContain('PROD_DB');
  });

  it('turn the text of a variable into the number or boolean that is wanted', async () => {
    const folder = await newSite({ 'mxcp-site.yml': profiles });
    const { project, problems } = await read(folder, {
      profile: 'prod',
      env: { PROD_DB: '${HOME} stays', PORT: '9001', RO: 'false' },
    });
    expect(problems).toEqual([]);
    expect(project?.database).toMatchObject({
      path: join(folder, '${HOME} stays'),
      readonly: false,
      threads: 4,
    });
    expect(project?.audit).toMatchObject({ path: '/var/log/mxcp.jsonl', retentionDays: 30 });
    expect(project?.transport.http.port).toBe(9001);
  });

  it('never quote the value of a variable', async () => {
    const env = { PROD_DB: 'x', PORT: 'hunter2-secret', DAYS: 'hunter2-secret' };
    const { problems } = await read(await newSite({ 'mxcp-site.yml': profiles }), { profile: 'prod', env });
    expect(problems.map(({ rule }) => rule)).toEqual(['wrong-type', 'wrong-type']);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });
});

describe('variables', () => {
  const named = (name: string): string => `mxcp: 1\nproject: shop\nprofile: default\nname: ${name}\n`;

  it.each([
    ['"${NAME}"', 'Ada'],
    ['a ${NAME} b ${NAME}', 'a Ada b Ada'],
    ['${EMPTY}', ''],
    ['${EMPTY:-x}', 'x'],
    ['"${NONE:-}"', ''],
    ['${NONE:-a:-b}', 'a:-b'],
    ['$${NAME}', '${NAME}'],
    ['$NAME and $', '$NAME and $'],
  ])('in %s become %s', async (written, expected) => {
    const { project, problems } = await read(await newSite({ 'mxcp-site.yml': named(written) }), {
      env: { NAME: 'Ada', EMPTY: '' },
    });
    expect(problems).toEqual([]);
    expect(project?.server.name).toBe(expected);
  });

  it.each([
    ['${}', 'bad-reference'],
    ['"${NAME"', 'bad-reference'],
    ['${NOT-THERE}', 'bad-reference'],
    ['${constructor}', 'unset-variable'],
  ])('written as %s are an error', async (written, rule) => {
    const { problems } = await read(await newSite({ 'mxcp-site.yml': named(written) }), {
      env: { NAME: 'Ada' },
    });
    expect(problems.map(place)).toEqual([`mxcp-site.yml:4:7 ${rule}`]);
  });

  it('come from .env beside the site file, which never overrides the environment', async () => {
    const folder = await newSite({
      'mxcp-site.yml': named('${A} ${B}'),
      '.env': '# comment\nA=from-file\nexport B="from file too"\n',
    });
    expect((await read(folder, { env: { A: 'from-environment' } })).project?.server.name).toBe(
      'from-environment from file too',
    );
    expect((await read(folder, { envFile: false })).problems.map(({ rule }) => rule)).toEqual([
      'unset-variable',
      'unset-variable',
    ]);
  });
});

describe('a setting', () => {
  const site = `${minimalSite}profiles:\n  default:\n    transport: {http: {port: 1001, host: site.example}}\n`;
  const config = 'mxcp: 1\ntransport: {http: {port: 1002}}\n';

  it('comes from flag, environment, user config, site, default, in this order, key by key', async () => {
    const folder = await newSite({ 'mxcp-site.yml': site, 'config.yml': config });
    const path = 'transport.http.port';
    const cases = [
      [{}, 1001, 'site'],
      [{ config: 'config.yml' }, 1002, 'user config'],
      [{ config: 'config.yml', env: { MXCP_PORT: '1003' } }, 1003, 'environment'],
      [{ config: 'config.yml', env: { MXCP_PORT: '1003' }, overrides: { port: 1004 } }, 1004, 'flag'],
    ] as const;
    for (const [options, value, from] of cases) {
      const { project } = await read(folder, options);
      expect(setting(project, path)).toEqual([value, from]);
      expect(project?.transport.http.port).toBe(value);
    }
    const { project } = await read(folder, { config: 'config.yml' });
    expect(setting(project, 'transport.http.host')).toEqual(['site.example', 'site']);
    expect(setting(project, 'transport.http.path')).toEqual(['/mcp', 'default']);
  });

  it('has an environment twin with the meaning of the Python program', async () => {
    const folder = await newSite();
    const env = {
      MXCP_DUCKDB_PATH: '/srv/x.duckdb',
      MXCP_READONLY: 'yes',
      MXCP_AUDIT_ENABLED: '0',
      MXCP_DEBUG: 'true',
    };
    const { project, problems } = await read(folder, { env });
    expect(problems).toEqual([]);
    expect(project).toMatchObject({
      database: { path: '/srv/x.duckdb', readonly: true },
      audit: { enabled: false },
      logging: { level: 'debug' },
    });
  });

  it('from a variable that does not fit is an error that does not quote it', async () => {
    const { problems } = await read(await newSite(), {
      env: { MXCP_BASE_URL: 'hunter2', MXCP_PATH: 'hunter2', MXCP_PORT: 'hunter2', MXCP_READONLY: 'perhaps' },
    });
    expect(problems.map(({ origin, rule }) => [origin.file, rule])).toEqual([
      ['environment variable MXCP_BASE_URL', 'wrong-value'],
      ['environment variable MXCP_PATH', 'wrong-value'],
      ['environment variable MXCP_PORT', 'wrong-value'],
      ['environment variable MXCP_READONLY', 'wrong-value'],
    ]);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  it('for protection that is not there yet keeps the site from loading', async () => {
    const { problems } = await read(await newSite(), {
      env: { MXCP_ADMIN_ENABLED: 'true' },
    });
    expect(problems).toMatchObject([{ severity: 'error', rule: 'not-available' }]);
    expect((await read(await newSite(), { env: { MXCP_ADMIN_ENABLED: 'false' } })).problems).toEqual([]);
  });

  it('behind a misspelt variable gives a warning', async () => {
    const { problems } = await read(await newSite(), { env: { MXCP_PROT: '80' } });
    expect(problems).toMatchObject([
      { severity: 'warning', rule: 'unknown-variable', remedy: 'Did you mean "MXCP_PORT"?' },
    ]);
  });
});

describe('the site file', () => {
  const withKey = (text: string): Promise<string> => newSite({ 'mxcp-site.yml': `${minimalSite}${text}` });

  it.each([
    ['sensitive_columns: {employees.ssn: {mask: full}}', '4:1 not-available'],
    ['connections: {w: {type: postgres}}', '4:1 not-available'],
    ['limits: {rate: strct}', '4:16 wrong-value'],
    ['profiles: {default: {auth: {provider: github}}}', '4:39 missing-provider'],
    ['profiles: {default: {telemetry: {enabled: true}}}', '4:34 not-available'],
    ['profiles: {default: {transport: {provider: sse}}}', '4:44 sse-not-served'],
    ['profiles: {default: {transport: {http: {trust_proxy: true}}}}', '4:54 wrong-value'],
    ['profiles: {default: {transport: {http: {trust_proxy: [10.0.0.0/33]}}}}', '4:55 wrong-value'],
    ['profiles: {default: {transport: {http: {trust_proxy: [0.0.0.0/0]}}}}', '4:55 wrong-value'],
    ['profiles: {default: {transport: {http: {trust_proxy: ["::/0"]}}}}', '4:55 wrong-value'],
    ['profiles: {default: {transport: {http: {trust_proxy: ["::ffff:0:0/96"]}}}}', '4:55 wrong-value'],
    ['profiles: {default: {audit: {sinks: []}}}', '4:30 not-available'],
    ['profiles: {default: {duckdb: {init: ../x.sql}}}', '4:37 path-outside'],
    ['profiles: {default: {duckdb: {init: sql/x.sql}}}', '4:37 missing-file'],
    ['profiles: {default: {duckdb: {init: {file: a.sql, code: b}}}}', '4:31 exactly-one'],
    ['paths: {tools: ../tools}', '4:16 path-outside'],
    ['paths: {tools: tols}', '4:16 missing-folder'],
    ['limits: {timeout: 0}', '4:19 wrong-value'],
    ['policies: {input: [{match: {tags: []}, condition: "x", action: deny}]}', '4:35 wrong-value'],
    ['profiles: {default: {duckdb: {attach: [{name: a}]}}}', '4:40 missing-key'],
    ['extensions: [{name: h3, repo: communty}]', '4:31 wrong-value'],
    ['authorization: {capabilities: {a: A}, roles: {r: {capabilities: [b]}}}', '4:66 unknown-capability'],
    ['authorization: {roles: {a: {}}, assign: [{role: b, when: "true"}]}', '4:49 unknown-role'],
    ['policies: {require_input_policy: yes}', '4:34 wrong-type'],
  ])('with `%s` is refused', async (text, expected) => {
    const { problems } = await read(await withKey(`${text}\n`));
    expect(problems.filter(({ severity }) => severity === 'error').map(place)).toEqual([
      `mxcp-site.yml:${expected}`,
    ]);
  });

  it.each([
    ['dbt: {enabled: true, model_paths: models}', 'ignored-key'],
    ['paths: {python: python}', 'ignored-key'],
    ['profiles: {default: {transport: {http: {stateless: true, scheme: https}}}}', 'ignored-key ignored-key'],
    ['authorization: {roles: {a: {}}}\nusers: {ada: {role: b}}', 'unknown-role'],
    ['authorization: {roles: {a: {}}}\nusers: {ada: {roles: [a, b, user]}}', 'unknown-role'],
  ])('with `%s` loads with a warning', async (text, expected) => {
    const { problems } = await read(await withKey(`${text}\n`));
    expect(problems.map(({ severity }) => severity)).not.toContain('error');
    expect(problems.map(({ rule }) => rule).join(' ')).toBe(expected);
  });

  it.each([
    ['plugin: []', {}],
    ['profiles: {default: , prod: {duckdb: }}', { profile: 'default' }],
    ['authorization: {capabilities: {a: }, roles: {r: , s: {includes: r, capabilities: a}}}', {}],
    ['users: {ada: }', { users: { ada: { claims: {} } } }],
    ['limits: {timeout: 1000d}', {}],
    ['dbt:', {}],
    ['profiles: {default: {telemetry: {enabled: false, endpoint: x}, auth: {provider: none}}}', {}],
    [
      'profiles: {default: {transport: {http: {trust_proxy: false}}}}',
      { transport: { http: { trustProxy: [] } } },
    ],
    [
      'profiles: {default: {transport: {http: {trust_proxy: 10.0.0.0/8}}}}',
      { transport: { http: { trustProxy: ['10.0.0.0/8'] } } },
    ],
    [
      'profiles: {default: {stdio: {user_context: {id: 7, team: x}}}}',
      { transport: { stdioUser: { userId: '7', claims: { team: 'x' } } } },
    ],
    [
      'profiles: {default: {duckdb: {init: "CREATE TABLE t(a INT);"}}}',
      { database: { init: { text: 'CREATE TABLE t(a INT);' } } },
    ],
    ['extensions: json', { database: { extensions: [{ name: 'json' }] } }],
  ])('with `%s` loads without a word', async (text, expected) => {
    const { problems, project } = await read(await withKey(`${text}\n`));
    expect(problems).toEqual([]);
    expect(project).toMatchObject(expected);
  });

  it('has limits that the profile and then the endpoint change', async () => {
    const folder = await newSite({
      'mxcp-site.yml': `${minimalSite}limits: {timeout: 10, max_rows: 5, max_bytes: 1MiB}\nprofiles: {default: {limits: {max_rows: 6, timeout: 1m}}}\n`,
      'tools/t.yml':
        'tool: {name: t, source: {code: SELECT 1}, limits: {max_rows: 7, on_limit: truncate, concurrency: 2}}\n',
    });
    const { project } = await read(folder);
    expect(project?.endpoints[0]?.limits).toEqual({
      timeoutMs: 60_000,
      maxRows: 7,
      maxScanRows: 1_000_000,
      maxBytes: 1_048_576,
      concurrency: 2,
      onLimit: 'truncate',
    });
  });

  it('has personas whose unknown keys become claims', async () => {
    const { project } = await read(
      await withKey(
        'users:\n  __proto__: {role: x}\n  ada: {user_id: 7, role: hr, permissions: a b, department: x, claims: {y: 1}, email: null}\n',
      ),
    );
    expect(Object.keys(project?.users ?? {})).toEqual(['__proto__', 'ada']);
    expect(project?.users['ada']).toMatchObject({
      userId: '7',
      role: 'hr',
      permissions: ['a', 'b'],
      email: null,
      claims: { department: 'x', y: 1 },
    });
  });
});

describe('a secret that stands in the site file', () => {
  const secret = 'hunter2hunter2';

  it.each([
    `profiles: {default: {auth: {provider: github, github: {client_id: a, client_secret: ${secret}}}}}`,
    `profiles: {default: {auth: {provider: github, github: {client_id: a, client_secret: |\n    ${secret}\n}}}}`,
    `profiles:\n  default:\n    auth:\n      previous_keys:\n        - ${secret}`,
    `profiles: {default: {auth: {persistence: {type: redis, url: "redis://u:${secret}@r"}}}}`,
    `profiles: {default: {auth: {encryption_key: ${secret}, nokey: 1}}}`,
    `profiles: {default: {audit: {signing_key: ${secret}, nokey: 1}}}`,
    `profiles: {default: {auth: {persistence: {type: redis, url: "http://u:${secret}@r"}}}}`,
    `secret_key: ${secret}`,
  ])('is shown by no problem: %s', async (text) => {
    const { problems } = await read(await newSite({ 'mxcp-site.yml': `${minimalSite}${text}\n` }));
    expect(problems.length).toBeGreaterThan(0);
    expect(JSON.stringify(problems)).not.toContain(secret);
  });
});

describe('a broken endpoint', () => {
  const files = {
    'tools/good.yml': 'tool: {name: good, source: {code: SELECT 1}}\n',
    'tools/bad.yml': 'tool: {name: bad, source: {code: SELECT 1}, tgas: x}\n',
  };

  it('keeps the site from loading', async () => {
    const cwd = await newSite(files);
    const failure = loadProject({ cwd, env: { HOME: cwd } });
    await expect(failure).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ rule: 'unknown-key' }],
    });
  });

  it('is left out with --ignore-errors, and its problems are told', async () => {
    const cwd = await newSite(files);
    const project = await loadProject({ cwd, env: { HOME: cwd }, ignoreErrors: true });
    expect(project.endpoints.map(({ name }) => name)).toEqual(['good']);
    expect(project.broken).toEqual([{ file: 'tools/bad.yml', kind: 'tool', name: 'bad' }]);
    expect(project.warnings.map(({ severity, rule }) => `${severity} ${rule}`)).toEqual([
      'error unknown-key',
    ]);
  });

  it('does not make errors elsewhere pass', async () => {
    const cwd = await newSite({ ...files, 'mxcp-site.yml': `${minimalSite}polices: {}\n` });
    await expect(loadProject({ cwd, env: { HOME: cwd }, ignoreErrors: true })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });
});

describe('a key without value', () => {
  it.each([
    ['a misspelt setting', 'duckdb: {readonly: true, external_acces}', 'unknown-key'],
    ['a setting that is on or off', 'duckdb: {readonly}', 'wrong-type'],
    ['a map in braces', '{duckdb}', 'wrong-type'],
    ['a list of addresses, or true', 'transport: {http: {trust_proxy: }}', 'wrong-type'],
    ['a choice', 'audit: {sync: }', 'wrong-type'],
  ])('is refused: %s', async (_what, text, rule) => {
    const site = `project: p\nprofile: dev\nprofiles:\n  dev: ${text.startsWith('{') ? '' : '\n    '}${text}\n`;
    const { problems } = await read(await newSite({ 'mxcp-site.yml': site }));
    expect(problems.map((each) => `${each.severity} ${each.rule}`)).toEqual([`error ${rule}`]);
  });

  it('may be a list or map, or a name with nothing to say', async () => {
    const site = [
      ...['project: p', 'profile: dev', 'profiles:', '  dev:', 'secrets:', 'policies:', 'users:', '  bob:'],
      ...['authorization:', '  capabilities:', '    read:', '  roles:', '    clerk:', ''],
    ].join('\n');
    const { problems, project } = await read(await newSite({ 'mxcp-site.yml': site }));
    expect(problems).toEqual([]);
    expect(project?.authorization).toMatchObject({ capabilities: { read: '' }, roles: [{ name: 'clerk' }] });
    expect(Object.keys(project?.users ?? {})).toEqual(['bob']);
  });

  it('is told what to write, and that a comma ends a text', async () => {
    const tool = [
      'tool: {name: t, source: {code: SELECT 1, bar FROM x}, return: {type: object, properties: {a: {type: string,',
      '  sensitive}}}}',
      '',
    ].join('\n');
    const { problems } = await read(await newSite({ 'tools/t.yml': tool }));
    expect(problems.map(({ remedy }) => remedy)).toEqual([
      'A comma ends the text of `code` here: put all of it in quotes.',
      'Write `sensitive: true`.',
    ]);
  });
});

describe('a key of a person', () => {
  const siteWith = (where: string): Promise<string> =>
    newSite({ 'mxcp-site.yml': `project: p\nprofile: dev\n${where}\n` });

  it.each(['group', 'claim', 'grops', 'Role'])(
    '%s is a slip and not a claim, wherever it stands',
    async (key) => {
      for (const where of [
        `users: {bob: {${key}: x}}`,
        `profiles: {dev: {transport: {stdio: {user_context: {${key}: x}}}}}`,
      ]) {
        const { problems } = await read(await siteWith(where));
        expect(problems.map(({ severity, rule }) => `${severity} ${rule}`)).toEqual(['error unknown-key']);
      }
      const test = `tests: [{name: a, decision: allow, user_context: {${key}: x}}]`;
      const tool = `tool: {name: t, source: {code: SELECT 1}, ${test}}\n`;
      const { problems } = await read(await newSite({ 'tools/t.yml': tool }));
      expect(problems.map(({ rule }) => rule)).toEqual(['unknown-key']);
    },
  );

  it('that is unlike every other is a claim', async () => {
    const { problems, project } = await read(await siteWith('users: {bob: {region: north}}'));
    expect(problems).toEqual([]);
    expect(project?.users['bob']?.claims).toEqual({ region: 'north' });
  });

  it('is never one without value: a person without scopes has all of them', async () => {
    const { problems } = await read(await siteWith('users:\n  bob:\n    scopes:'));
    expect(problems.map(({ rule }) => rule)).toEqual(['wrong-type']);
  });
});

describe('a profile that does not exist', () => {
  it('is the only error, whatever would follow from it', async () => {
    const site = 'project: p\nprofile: dev\nsecrets: [api]\nprofiles: {dev: {}, prod: {}}\n';
    const { problems } = await read(await newSite({ 'mxcp-site.yml': site, 'tools/t.yml': 'tool: {}\n' }), {
      profile: 'prd',
    });
    expect(problems.map(({ rule, remedy }) => [rule, remedy])).toEqual([
      ['unknown-profile', 'Did you mean "prod"?'],
    ]);
  });
});
