import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Problem } from '../../../src/errors.js';
import type { ProjectReading } from '../../../src/project/load.js';
import { minimalSite, newSite, read } from '../site.js';

interface Case {
  readonly shows: string;
  readonly auth: string;
  readonly site?: string;
  readonly gives?: object;
  readonly errors?: readonly string[];
  readonly warnings?: readonly string[];
  readonly remedy?: string;
}

const cases = parse(readFileSync(new URL('cases.yml', import.meta.url), 'utf8')) as readonly Case[];

const env = {
  GITHUB_CLIENT_ID: 'id-1',
  GITHUB_CLIENT_SECRET: 's-1',
  AUTH_JWKS_URI: 'https://id.example.com/jwks',
  AUTH_ISSUER: 'https://id.example.com',
  AUTH_AUDIENCE: 'shop',
};

const indent = '          ';

/** A user config with an `auth` section that starts on line 6, column 11. */
function configWith(auth: string, more = ''): string {
  const lines = auth
    .trimEnd()
    .split('\n')
    .map((line) => `${indent}${line}`);
  return [
    'projects:',
    '  shop:',
    '    profiles:',
    '      default:',
    '        auth:',
    ...lines,
    more,
    '',
  ].join('\n');
}

/** `line:column rule` within the section. */
function placeIn({ origin, rule }: Problem): string {
  return `${origin.line - 5}:${origin.column - indent.length} ${rule}`;
}

async function readCase({ auth, site = '' }: Case): Promise<ProjectReading> {
  const folder = await newSite({ 'mxcp-site.yml': `${minimalSite}${site}\n`, 'c.yml': configWith(auth) });
  return await read(folder, { config: 'c.yml', env });
}

const sorted = (places: readonly string[] = []): readonly string[] => [...places].sort();

describe('auth', () => {
  it.each(cases)('with $shows', async (wanted) => {
    const { project, problems } = await readCase(wanted);
    const found = (severity: Problem['severity']): readonly string[] =>
      problems.filter((each) => each.severity === severity).map(placeIn);
    expect(sorted(found('error'))).toEqual(sorted(wanted.errors));
    if (wanted.gives === undefined || wanted.warnings)
      expect(sorted(found('warning'))).toEqual(sorted(wanted.warnings));
    if (wanted.gives) expect(project?.auth).toMatchObject(wanted.gives);
    if (wanted.remedy) expect(problems[0]?.remedy).toBe(wanted.remedy);
  });

  it('is kept in a file of its own for each project by default', async () => {
    const folder = await newSite({ 'mxcp-site.yml': 'project: ../../etc\nprofile: default\n' });
    const home = join(folder, 'home');
    const { project } = await read(folder, { env: { HOME: home } });
    const path = project?.auth.persistence.type === 'sqlite' ? project.auth.persistence.path : '';
    expect(path).toMatch(new RegExp(`^${home}/\\.mxcp/_+etc-[0-9a-f]{16}/oauth\\.db$`));
  });

  it('may name a file relative to the file that names it', async () => {
    const folder = await newSite({ 'conf/c.yml': configWith('persistence: {path: a/oauth.db}') });
    const { project } = await read(folder, { config: 'conf/c.yml' });
    expect(project?.auth.persistence).toEqual({ type: 'sqlite', path: join(folder, 'conf/a/oauth.db') });
  });

  it('of the user config wins over that of the site key by key', async () => {
    const site = `${minimalSite}profiles: {default: {auth: {provider: github, github: {client_id: site, allowed_orgs: [acme]}}}}\n`;
    const config = configWith('github: {client_id: user, client_secret: s}\nallow_anonymous: true');
    const folder = await newSite({ 'mxcp-site.yml': site, 'c.yml': config });
    const { project, problems } = await read(folder, { config: 'c.yml' });
    expect(problems).toEqual([]);
    expect(project?.auth.allowAnonymous).toBe(true);
    expect(project?.auth.issuer?.providers).toMatchObject([
      { clientId: 'user', clientSecret: 's', allowedOrgs: ['acme'] },
    ]);
    const from = (path: string): string | undefined =>
      project?.settings.find((each) => each.path === path)?.from;
    expect(from('auth.github.client_id')).toBe('user config');
    expect(from('auth.github.allowed_orgs')).toBe('site');
  });

  it('is wholly in the site for those who only have the environment, references resolved', async () => {
    const auth =
      '{provider: github, github: {client_id: "${GITHUB_CLIENT_ID}", client_secret: file://secret.txt}}';
    const site = `${minimalSite}profiles: {default: {auth: ${auth}}}\n`;
    const folder = await newSite({ 'mxcp-site.yml': site, 'secret.txt': 'from-file\n' });
    const { project, problems } = await read(folder, { env });
    expect(problems).toEqual([]);
    expect(project?.auth.issuer?.providers).toMatchObject([{ clientId: 'id-1', clientSecret: 'from-file' }]);
  });

  it('warns about secrets that stand in the site file as they are, without showing them', async () => {
    const auth =
      '{provider: github, github: {client_id: a, client_secret: hunter2}, persistence: {type: redis, url: "redis://:hunter2@x:1"}, encryption_key: hunter2-hunter2-}';
    const site = `${minimalSite}profiles: {default: {auth: ${auth}, security: {token_encryption_key: hunter2-hunter2-}}}\n`;
    const { project, problems } = await read(await newSite({ 'mxcp-site.yml': site }));
    expect(problems.map(({ severity, rule }) => `${severity} ${rule}`)).toEqual(
      new Array(4).fill('warning literal-secret'),
    );
    expect(problems.map(({ message }) => message).join('')).not.toContain('hunter2');
    expect(JSON.stringify(project?.settings)).not.toContain('hunter2');
  });

  it('never shows secrets of the user config in settings and problems', async () => {
    const auth = [
      'provider: github',
      'github: {client_id: a, client_secret: hunter2, allowed_domains: [x]}',
      'clients: [{client_id: c, client_secret: hunter2, redirect_uris: ["nowhere"]}]',
      'verifiers: [{issuer: hunter, audience: a, introspection: {url: "https://x.y/i?a=b&api-key=hunter2", client_id: i, client_secret: hunter2}}]',
      'previous_keys: hunter2',
      'encryption_key: hunter2',
      'persistence: {type: redis, url: "redis://:hunter2@x:1"}',
    ].join('\n');
    const folder = await newSite({ 'c.yml': configWith(auth) });
    const { project, problems } = await read(folder, { config: 'c.yml' });
    expect(problems.length).toBeGreaterThan(2);
    expect(JSON.stringify([problems, project?.settings])).not.toContain('hunter2');
    expect(project?.settings).toContainEqual({
      path: 'auth.github.client_secret',
      value: '[hidden]',
      from: 'user config',
    });
  });
});

describe('--enable-auth and --no-auth', () => {
  const auth = 'provider: github\ngithub: {client_id: a, client_secret: b}\nallow_anonymous: true\n';

  it.each([
    ['--no-auth', { overrides: { auth: false } }],
    ['MXCP_NO_AUTH', { env: { MXCP_NO_AUTH: 'true' } }],
    ['MXCP_ENABLE_AUTH=false', { env: { MXCP_ENABLE_AUTH: 'false' } }],
    ['--no-auth over MXCP_ENABLE_AUTH', { overrides: { auth: false }, env: { MXCP_ENABLE_AUTH: 'true' } }],
  ])('%s switches every way in off', async (_how, options) => {
    const folder = await newSite({ 'c.yml': configWith(`${auth}api_keys: true`) });
    const { project, problems } = await read(folder, { config: 'c.yml', ...options });
    expect(problems).toEqual([]);
    expect(project?.auth).toMatchObject({ open: true, apiKeys: false, verifiers: [] });
    expect(project?.auth.issuer).toBeUndefined();
  });

  it.each([
    ['--enable-auth', { overrides: { auth: true } }],
    ['MXCP_ENABLE_AUTH', { env: { MXCP_ENABLE_AUTH: 'true' } }],
  ])('%s lets nobody in without a credential', async (_how, options) => {
    const folder = await newSite({ 'c.yml': configWith(auth) });
    const configured = await read(folder, { config: 'c.yml', ...options });
    expect(configured.project?.auth).toMatchObject({ open: false, allowAnonymous: false, apiKeys: false });
    const bare = await read(await newSite(), options);
    expect(bare.project?.auth).toMatchObject({ open: false, allowAnonymous: false, apiKeys: true });
  });

  it('that contradict each other are an error', async () => {
    const { problems } = await read(await newSite(), {
      env: { MXCP_ENABLE_AUTH: 'true', MXCP_NO_AUTH: '1' },
    });
    expect(problems).toMatchObject([{ severity: 'error', rule: 'wrong-value' }]);
  });
});

describe('the token encryption key', () => {
  const key = (name: string): string => `${name}-0123456789abcdef`;
  const site = `${minimalSite}profiles: {default: {security: {token_encryption_key: "\${SITE_KEY}"}}}\n`;
  const config = `${configWith(`encryption_key: ${key('user')}`)}security: {token_encryption_key: ${key('top')}}\n`;

  it('comes from flag over environment over user config over site', async () => {
    const folder = await newSite({ 'mxcp-site.yml': site, 'c.yml': config, 'key.txt': `${key('file')}\n` });
    const common = { SITE_KEY: key('site') };
    const found = async (
      options: object,
      variables: Record<string, string> = {},
    ): Promise<string | undefined> => {
      const { project, problems } = await read(folder, { ...options, env: { ...common, ...variables } });
      expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
      expect(JSON.stringify(project?.settings)).not.toContain('0123456789abcdef');
      return project?.auth.encryptionKey;
    };
    const inEnvironment = { MXCP_TOKEN_ENCRYPTION_KEY: key('env') };
    const flag = { overrides: { tokenEncryptionKey: key('flag') } };
    const file = { overrides: { tokenEncryptionKeyFile: 'key.txt' } };
    expect(await found({ config: 'c.yml', ...flag }, inEnvironment)).toBe(key('flag'));
    expect(await found({ config: 'c.yml', ...file }, inEnvironment)).toBe(key('file'));
    expect(await found({ config: 'c.yml' }, inEnvironment)).toBe(key('env'));
    expect(await found({ config: 'c.yml' }, { MXCP_TOKEN_ENCRYPTION_KEY_FILE: 'key.txt' })).toBe(key('file'));
    expect(await found({ config: 'c.yml' })).toBe(key('user'));
    expect(await found({})).toBe(key('site'));
  });

  it.each([
    ['a flag that is too short', { overrides: { tokenEncryptionKey: 'short' } }, 'wrong-value'],
    ['a variable that is too short', { env: { MXCP_TOKEN_ENCRYPTION_KEY: 'short' } }, 'wrong-value'],
    ['a file that is not there', { env: { MXCP_TOKEN_ENCRYPTION_KEY_FILE: 'no.txt' } }, 'unreadable-file'],
  ])('from %s is refused', async (_what, options, rule) => {
    const { problems } = await read(await newSite(), options);
    expect(problems).toMatchObject([{ severity: 'error', rule }]);
    expect(JSON.stringify(problems)).not.toContain('short"');
  });
});
