import { generateKeyPairSync } from 'node:crypto';
import { chmod, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadProject } from '../../src/project/load.js';
import { minimalSite, newSite, place, read } from './site.js';

const site = `${minimalSite}secrets: [db, api]\n`;
const config = [
  'mxcp: 1',
  'projects:',
  '  shop:',
  '    profiles:',
  '      default:',
  '        secrets:',
  '          - {name: db, type: postgres, parameters: {password: "${DB_PASSWORD}", port: 5432, nested: {a: [1]}}}',
  '          - {name: api, type: custom, parameters: {key: file://keys/api.txt, again: "$${x}"}}',
  '          - {name: unused, type: custom, parameters: {key: "${NEVER_SET}", other: file://nowhere}}',
  '      prod:',
  '        secrets: [{name: db, type: x, parameters: {a: "${PROD_ONLY}"}}]',
  '  other:',
  '    profiles: {default: {secrets: [{name: z, type: x, parameters: {a: "${OTHER_ONLY}"}}]}}',
  '',
].join('\n');

describe('secrets', () => {
  it('of the active project and profile are resolved, but only those that the site names', async () => {
    const folder = await newSite({
      'mxcp-site.yml': site,
      'home/.mxcp/config.yml': config,
      'home/.mxcp/keys/api.txt': ' k-1 \n',
    });
    const { project, problems } = await read(folder, {
      env: { HOME: join(folder, 'home'), DB_PASSWORD: '0123' },
    });
    expect(problems.map(({ severity, rule }) => `${severity} ${rule}`)).toEqual(['warning secret-not-named']);
    expect(problems[0]?.message).toContain('unused');
    expect(
      project?.secrets.map(({ name, type, parameters }) => [
        name,
        type,
        JSON.parse(JSON.stringify(parameters)) as unknown,
      ]),
    ).toEqual([
      ['db', 'postgres', { password: '0123', port: 5432, nested: { a: [1] } }],
      ['api', 'custom', { key: 'k-1', again: '${x}' }],
    ]);
  });

  it('are never printed: not by a problem, not by the effective settings', async () => {
    const wrong = config.replace('port: 5432', 'port: 5432').replace('type: postgres', 'tpye: hunter2');
    const folder = await newSite({ 'mxcp-site.yml': site, 'c.yml': wrong.replace('k-1', 'hunter2') });
    const reading = await read(folder, { config: 'c.yml', env: { DB_PASSWORD: 'hunter2' } });
    expect(reading.problems.map(({ rule }) => rule)).toEqual(
      expect.arrayContaining(['unknown-key', 'unresolved-reference']),
    );
    expect(JSON.stringify(reading.problems)).not.toContain('hunter2');
    const good = await newSite({
      'mxcp-site.yml': `${minimalSite}secrets: db\nprofiles: {default: {audit: {signing_key: "\${KEY}"}}}\n`,
      'c.yml': config,
    });
    const key = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
    const env = { DB_PASSWORD: 'hunter2', KEY: key, MXCP_SECRET_KEY: 'hunter2-hunter2-hunter2' };
    const { project, problems } = await read(good, { config: 'c.yml', env });
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(project?.secretKey).toBe('hunter2-hunter2-hunter2');
    expect(project?.audit.signingKey).toBe(key);
    expect(JSON.stringify(project?.settings)).not.toMatch(/hunter2|PRIVATE KEY/);
    expect(project?.settings).toContainEqual({ path: 'secret_key', value: '[hidden]', from: 'environment' });
  });

  it('that are missing are errors where the site asks for them, with a suggestion', async () => {
    const folder = await newSite({ 'mxcp-site.yml': `${minimalSite}secrets: [bd, key]\n`, 'c.yml': config });
    const { problems } = await read(folder, { config: 'c.yml', env: { DB_PASSWORD: 'x' } });
    const errors = problems.filter(({ severity }) => severity === 'error');
    expect(errors.map(place)).toEqual([
      'mxcp-site.yml:4:11 missing-secret',
      'mxcp-site.yml:4:15 missing-secret',
    ]);
    expect(errors[0]?.remedy).toBe('Did you mean "db"?');
  });

  it('with a reference that cannot be resolved say where and why, and not what', async () => {
    const unresolved = config
      .replace('file://keys/api.txt', 'vault://kv/hidden-path#hidden')
      .replace('"$${x}"', 'op://hidden/item/field');
    const folder = await newSite({ 'mxcp-site.yml': site, 'c.yml': unresolved });
    const { problems } = await read(folder, { config: 'c.yml', env: { DB_PASSWORD: 'x' } });
    const errors = problems.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ rule, origin }) => `${origin.file}:${origin.line} ${rule}`)).toEqual([
      'c.yml:8 unresolved-reference',
      'c.yml:8 unresolved-reference',
    ]);
    expect(errors[0]?.message).toContain('`vault` section');
    expect(errors[1]?.message).toContain('`onepassword` section');
    expect(JSON.stringify(errors)).not.toContain('hidden');
  });
});

describe('the user config', () => {
  it('may be absent at its usual place, but not where somebody says that it is', async () => {
    const folder = await newSite();
    expect((await read(folder)).problems).toEqual([]);
    const options = { cwd: folder, config: 'nowhere.yml', env: {} };
    await expect(loadProject(options)).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' });
    await expect(loadProject({ cwd: folder, env: { MXCP_CONFIG: 'no.yml' } })).rejects.toMatchObject({
      code: 'CONFIG_NOT_FOUND',
    });
  });

  it.each([
    ['a link to nothing', 'nowhere.yml'],
    ['a link to itself', 'config.yml'],
  ])(
    'is not taken for absent when it is %s: what protects the site may stand there',
    async (_what, target) => {
      const folder = await newSite({ 'home/.mxcp/.keep': '' });
      await symlink(target, join(folder, 'home/.mxcp/config.yml'));
      const { problems } = await read(folder, { env: { HOME: join(folder, 'home') } });
      expect(problems.map(place)).toEqual(['home/.mxcp/config.yml:1:1 unreadable-file']);
    },
  );

  it('is absent where its folder cannot be one', async () => {
    const { problems } = await read(await newSite(), { env: { HOME: '/dev/null' } });
    expect(problems).toEqual([]);
  });

  it('that others can read gets a warning', async () => {
    const folder = await newSite({ 'c.yml': 'mxcp: 1\n' });
    await chmod(join(folder, 'c.yml'), 0o644);
    const { problems } = await read(folder, { config: 'c.yml' });
    expect(problems).toMatchObject([{ severity: 'warning', rule: 'readable-by-others' }]);
    await chmod(join(folder, 'c.yml'), 0o600);
    expect((await read(folder, { config: 'c.yml' })).problems).toEqual([]);
  });

  it('is never quoted in problems, not even when it is not YAML', async () => {
    for (const text of [
      'a: *hunter2\n',
      'hunter2: [\n',
      '- hunter2\n',
      'secret_key: hunter2\n',
      'mxcp: hunter2\n',
      'x: !hunter2 1\n',
    ]) {
      const { problems } = await read(await newSite({ 'c.yml': text }), { config: 'c.yml' });
      expect(problems.length).toBeGreaterThan(0);
      const quoted = problems.filter((each) => JSON.stringify(each).includes('hunter2'));
      expect(quoted.map(({ rule }) => rule).filter((rule) => rule !== 'unknown-key')).toEqual([]);
      expect(problems.map(({ excerpt }) => excerpt).join('')).toBe('');
    }
  });

  it.each([
    ['auth: {provider: github, github: {client_id: a, client_secret: abc,hunter2}}', 'unknown-key'],
    ['secrets: [{name: db, type: s3, parameters: {key: abc,hunter2}}]', 'wrong-type'],
  ])('says nothing of the rest of a secret that a comma cut off: %s', async (text, rule) => {
    const profile = `projects: {shop: {profiles: {default: {${text}}}}}\n`;
    const { problems } = await read(await newSite({ 'c.yml': profile }), { config: 'c.yml' });
    expect(problems.filter(({ severity }) => severity === 'error').map((each) => each.rule)).toEqual([rule]);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  it('says where a setting of a profile belongs that stands at the top', async () => {
    const folder = await newSite({ 'c.yml': 'auth: {api_keys: true}\n' });
    const { problems } = await read(folder, { config: 'c.yml' });
    expect(problems.map(({ remedy }) => remedy)).toContain(
      'It belongs to a profile of a project: `projects: {NAME: {profiles: {default: {auth: …}}}}`.',
    );
  });

  it.each([
    ['secret_key: short\n', 'wrong-value'],
    ['vault: {auth_method: approle, role_id: x}\n', 'not-available not-available'],
    ['projects: {shop: {profiles: {default: {auth: {provider: keycloak}}}}}\n', 'missing-provider'],
    ['projets: {}\n', 'unknown-key'],
  ])('with `%s` is refused', async (text, rules) => {
    const { problems } = await read(await newSite({ 'c.yml': text }), { config: 'c.yml' });
    expect(
      problems
        .filter(({ severity }) => severity === 'error')
        .map(({ rule }) => rule)
        .join(' '),
    ).toBe(rules);
  });

  it('as the Python program writes it loads, with notes on what has no meaning', async () => {
    const text = [
      'mxcp: "1"',
      'projects:',
      '  shop:',
      '    profiles:',
      '      default:',
      '        auth: {provider: none, persistence: {type: sqlite, path: ~/.mxcp/oauth.db}}',
      '        plugin: {config: {a: {b: c}}}',
      '        telemetry: {enabled: false, endpoint: "http://x", tracing: {enabled: true}}',
      'vault: {enabled: true, address: "https://vault.example.com", token_env: VAULT_TOKEN}',
      'onepassword: {enabled: true, token_env: OP_TOKEN}',
      'transport: {provider: streamable-http, http: {port: 8000, host: localhost, scheme: http, trust_proxy: false, stateless: false}}',
      'models: {default: a, models: {a: {type: claude, api_key: "${NOT_SET}"}}}',
      'logging: {enabled: true, path: x.log, level: WARNING, max_bytes: 1, backup_count: 2}',
      '',
    ].join('\n');
    const { problems, project } = await read(await newSite({ 'c.yml': text }), { config: 'c.yml' });
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(new Set(problems.map(({ rule }) => rule))).toEqual(new Set(['ignored-key']));
    expect(project?.logging.level).toBe('warn');
  });
});

describe('a user config that is about something else', () => {
  const about = (text: string): Promise<string> =>
    newSite({ 'mxcp-site.yml': minimalSite, 'c.yml': `mxcp: 1\nprojects: ${text}\n` });

  it.each([
    ['{shpo: {profiles: {default: {}}}}', 'c.yml:2:12 unused-project'],
    ['{shop: {profiles: {defualt: {}}}}', 'c.yml:2:19 unused-project'],
    ['{shop: {profiles: {prod: {}}}}', 'c.yml:2:19 unused-project'],
  ])('is warned about: %s', async (text, at) => {
    const { problems } = await read(await about(text), { config: 'c.yml' });
    expect(problems.map((each) => `${each.severity} ${place(each)}`)).toEqual([`warning ${at}`]);
  });

  it.each([
    '{shop: {profiles: {default: {}}}}',
    '{shop: {profiles: {prod: {}, default: }}}',
    '{shop: {}}',
    '{warehouse: {profiles: {prod: {}}}}',
  ])('is not warned about where it fits, or is meant for other sites: %s', async (text) => {
    expect((await read(await about(text), { config: 'c.yml' })).problems).toEqual([]);
  });
});
