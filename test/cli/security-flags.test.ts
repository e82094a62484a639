import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporarySite, type TemporarySite } from './temporary-site.js';

const siteFile = `mxcp: 1
project: shop
profile: default
authorization: {tags_as_scopes: false}
profiles:
  default:
    duckdb: {path: ':memory:'}
    auth: {provider: github, github: {client_id: site-id, client_secret: "\${SECRET:-hunter2-site}"}}
    transport: {http: {cors_origins: https://site.example.com, hsts: false}}
    limits: {rate: {per_user: 1/min}}
`;

function newSite(): TemporarySite {
  return temporarySite({
    'mxcp-site.yml': siteFile,
    'tools/a.yml': 'tool: {name: a, tags: [hr], source: {code: SELECT 1 AS a}}\n',
  });
}

/** What `mxcp config` prints of some settings: value and origin. */
async function settings(
  site: TemporarySite,
  env: Readonly<Record<string, string>>,
  ...paths: readonly string[]
): Promise<readonly string[]> {
  const { json } = await site.mxcp(['config', '--json'], { env });
  const { result } = json() as { result: { settings: { path: string; value: unknown; from: string }[] } };
  return paths.map((path) => {
    const found = result.settings.find((each) => each.path === path);
    return `${JSON.stringify(found?.value)} ${found?.from ?? 'missing'}`;
  });
}

describe('the environment twins of the security options', () => {
  const paths = [
    'auth.enabled',
    'authorization.tags_as_scopes',
    'transport.http.allowed_origins',
    'transport.http.hsts',
    'limits.rate.per_user',
    'auth.encryption_key',
  ];

  it('win over the site', async () => {
    const env = {
      MXCP_NO_AUTH: 'true',
      MXCP_ENABLE_SCOPE_VALIDATION: 'true',
      MXCP_CORS_ORIGINS: 'https://a.example.com, ,https://b.example.com',
      MXCP_ENABLE_HSTS: 'true',
      MXCP_RATE_LIMIT_WINDOW: '15',
      MXCP_RATE_LIMIT_MAX: '100',
      MXCP_TOKEN_ENCRYPTION_KEY: 'hunter2-hunter2-hunter2',
    };
    expect(await settings(newSite(), env, ...paths)).toEqual([
      'false environment',
      'true environment',
      '["https://a.example.com","https://b.example.com"] environment',
      'true environment',
      '"6.67/min, burst 100" environment',
      '"[hidden]" environment',
    ]);
  });

  it('leave the site as it is when they are not set', async () => {
    expect(await settings(newSite(), {}, ...paths)).toEqual([
      'undefined missing',
      'false site',
      '["https://site.example.com"] site',
      'false site',
      '"1/min, burst 1" site',
      'undefined missing',
    ]);
  });
});

describe('mxcp config', () => {
  it('prints sign-in, scopes, rates and bodies with where they come from, and no secret', async () => {
    const site = newSite();
    const config = [
      'projects:',
      '  shop:',
      '    profiles:',
      '      default:',
      '        auth:',
      '          github: {client_secret: hunter2-user}',
      '          encryption_key: hunter2-hunter2-hunter2',
      '          clients: [{client_id: c, client_secret: hunter2-client, redirect_uris: "https://c.example.com/"}]',
      '          persistence: {type: redis, url: "redis://:hunter2@cache:6379"}',
    ].join('\n');
    writeFileSync(join(site.root, 'c.yml'), config, { mode: 0o600 });
    const { code, stdout } = await site.mxcp(['config', '--config', 'c.yml']);
    expect(code).toBe(0);
    for (const [path, from] of [
      ['auth.github.client_id', 'site'],
      ['auth.github.client_secret', 'user config'],
      ['auth.clients\\[0\\].client_id', 'user config'],
      ['auth.persistence.url', 'user config'],
      ['authorization.required_scopes', 'default'],
      ['limits.rate.global', 'default'],
      ['bodies.workers', 'default'],
    ])
      expect(stdout).toMatch(new RegExp(`${path ?? ''} .*${from ?? ''}`));
    expect(stdout).not.toContain('hunter2');
  });
});

describe('mxcp serve', () => {
  it.each([
    [['--enable-auth', '--no-auth'], 'contradict each other'],
    [['--token-encryption-key', 'x', '--token-encryption-key-file', 'y'], 'not both'],
    [['--rate-limit-window', '0'], 'above 0'],
    [['--rate-limit-max', '1.5'], 'above 0'],
  ])('%j is a mistake of usage', async (args, text) => {
    const { code, stderr } = await newSite().mxcp(['serve', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(text);
  });

  it.each([
    [['--no-auth', '--enable-scope-validation'], 'no credential could bring one'],
    [['--cors-origins', 'nowhere'], 'No entry of this list is an origin'],
    [['--token-encryption-key', 'short'], 'less than 16 characters'],
    [['--token-encryption-key-file', 'nowhere'], 'cannot be read'],
  ])('%j keeps the server from starting', async (args, text) => {
    const { code, stderr } = await newSite().mxcp(['serve', ...args]);
    expect(code).toBe(3);
    expect(stderr).toContain(text);
  });

  it('takes nobody for somebody while there is sign-in', async () => {
    const site = newSite();
    writeFileSync(join(site.root, 'mxcp-site.yml'), `${siteFile}users: {ada: {role: x}}\n`);
    const { code, stderr } = await site.mxcp(['serve', '--as', 'ada']);
    expect(code).toBe(2);
    expect(stderr).toContain('without sign-in');
  });
});
