import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HttpSettings } from '../../src/model/settings.js';
import type { LoadOptions, ProjectReading } from '../../src/project/load.js';
import { minimalSite, newSite, place, read } from './site.js';

const inProfile = (text: string): string => `${minimalSite}profiles: {default: {${text}}}\n`;

async function reading(site: string, options: Partial<LoadOptions> = {}): Promise<ProjectReading> {
  return await read(await newSite({ 'mxcp-site.yml': site }), options);
}

async function http(site: string, options: Partial<LoadOptions> = {}): Promise<HttpSettings | undefined> {
  const { project, problems } = await reading(site, options);
  expect(problems).toEqual([]);
  return project?.transport.http;
}

describe('origins of web pages', () => {
  const list = 'https://a.example.com, , http://localhost:3000 ,';
  const wanted = ['https://a.example.com', 'http://localhost:3000'];

  it.each([
    ['--cors-origins', minimalSite, { overrides: { corsOrigins: list.split(',') } }],
    ['MXCP_CORS_ORIGINS', minimalSite, { env: { MXCP_CORS_ORIGINS: list } }],
    ['MXCP_ALLOWED_ORIGINS', minimalSite, { env: { MXCP_ALLOWED_ORIGINS: list } }],
    ['cors_origins', inProfile(`transport: {http: {cors_origins: "${list}"}}`), {}],
    ['allowed_origins', inProfile(`transport: {http: {allowed_origins: [${wanted.join(', ')}]}}`), {}],
    ['security.cors_origins', inProfile(`security: {cors_origins: [${wanted.join(', ')}]}`), {}],
  ])('come from %s, trimmed and without empty ones', async (_how, site, options) => {
    expect((await http(site, options))?.allowedOrigins).toEqual(wanted);
  });

  it('are only loopback ones by default, and every one only when * is written', async () => {
    expect((await http(minimalSite))?.allowedOrigins).toEqual([]);
    expect((await http(minimalSite, { env: { MXCP_CORS_ORIGINS: ' , ' } }))?.allowedOrigins).toEqual([]);
    expect((await http(minimalSite, { env: { MXCP_CORS_ORIGINS: '*' } }))?.allowedOrigins).toEqual(['*']);
  });

  it('come from flag over environment over user config over site', async () => {
    const site = inProfile('transport: {http: {cors_origins: "https://site.example.com"}}');
    const config = 'transport: {http: {cors_origins: "https://user.example.com"}}\n';
    const folder = await newSite({ 'mxcp-site.yml': site, 'c.yml': config });
    const env = { MXCP_CORS_ORIGINS: 'https://env.example.com' };
    const overrides = { corsOrigins: ['https://flag.example.com'] };
    const found = async (options: Partial<LoadOptions>): Promise<unknown> =>
      (await read(folder, options)).project?.settings.find(
        ({ path }) => path === 'transport.http.allowed_origins',
      );
    expect(await found({ config: 'c.yml', env, overrides })).toMatchObject({
      value: overrides.corsOrigins,
      from: 'flag',
    });
    expect(await found({ config: 'c.yml', env })).toMatchObject({
      value: [env.MXCP_CORS_ORIGINS],
      from: 'environment',
    });
    expect(await found({ config: 'c.yml' })).toMatchObject({
      value: ['https://user.example.com'],
      from: 'user config',
    });
    expect(await found({})).toMatchObject({ value: ['https://site.example.com'], from: 'site' });
  });

  const bad = [
    'app.example.com',
    'https://a.example.com/path',
    'ftp://a',
    'null',
    'https://*.example.com',
    'https://u@a',
  ];

  it.each(bad)(
    '%s is none: it is left out with a warning, or refused where no other is left',
    async (text) => {
      const some = await reading(minimalSite, {
        env: { MXCP_CORS_ORIGINS: `https://a.example.com,${text}` },
      });
      expect(some.problems).toMatchObject([{ severity: 'warning', rule: 'wrong-origin' }]);
      expect(some.project?.transport.http.allowedOrigins).toEqual(['https://a.example.com']);
      const none = await reading(inProfile(`transport: {http: {cors_origins: ['${text}']}}`));
      expect(none.problems).toMatchObject([{ severity: 'error', rule: 'wrong-origin' }]);
    },
  );

  it('are compared in one form', async () => {
    const found = await http(minimalSite, {
      env: { MXCP_CORS_ORIGINS: 'HTTPS://A.example.com:443/,https://a.example.com' },
    });
    expect(found?.allowedOrigins).toEqual(['https://a.example.com']);
  });
});

describe('Strict-Transport-Security', () => {
  it.each([
    [true, minimalSite, {}],
    [false, inProfile('transport: {http: {hsts: false}}'), {}],
    [false, inProfile('security: {enable_hsts: false}'), {}],
    [false, minimalSite, { env: { MXCP_ENABLE_HSTS: 'false' } }],
    [true, inProfile('transport: {http: {hsts: false}}'), { env: { MXCP_ENABLE_HSTS: 'true' } }],
    [
      true,
      inProfile('transport: {http: {hsts: false}}'),
      { overrides: { hsts: true }, env: { MXCP_ENABLE_HSTS: 'false' } },
    ],
  ])('is %s with %s %j', async (wanted, site, options) => {
    expect((await http(site, options))?.hsts).toBe(wanted);
  });

  it('is preloaded only when somebody says so', async () => {
    expect((await http(minimalSite))?.hstsPreload).toBe(false);
    expect((await http(inProfile('transport: {http: {hsts_preload: true}}')))?.hstsPreload).toBe(true);
  });
});

describe('base_url', () => {
  const keys = 'auth: {api_keys: true}';
  const tokens = 'auth: {mode: verifier, issuer: "https://i.example.com", audience: [a]}';

  it.each([
    [
      'a server beyond loopback with authentication without it',
      `${keys}, transport: {http: {host: 0.0.0.0}}`,
      'error missing-base-url',
    ],
    [
      'a free port, with tokens that are for one address',
      `${tokens}, transport: {http: {port: 0}}`,
      'error missing-base-url',
    ],
    ['a text that is no URL', 'transport: {http: {base_url: "http://"}}', 'error wrong-value'],
    ['a URL with a query', 'transport: {http: {base_url: "https://a.example.com?x"}}', 'error wrong-value'],
    [
      'tokens in clear',
      `${keys}, transport: {http: {base_url: "http://a.example.com"}}`,
      'warning insecure-url',
    ],
  ])('is asked for: %s', async (_what, text, wanted) => {
    const { problems } = await reading(inProfile(text));
    expect(problems.map(({ severity, rule }) => `${severity} ${rule}`)).toEqual([wanted]);
  });

  it.each([
    `${keys}, transport: {http: {host: 127.0.0.2}}`,
    `${keys}, transport: {http: {port: 0}}`,
    `${tokens}, transport: {provider: stdio, http: {port: 0}}`,
    `${tokens}, transport: {http: {port: 0, base_url: "https://a.example.com"}}`,
    `${keys}, transport: {provider: stdio, http: {host: 0.0.0.0}}`,
    `${keys}, transport: {http: {host: 0.0.0.0, base_url: "https://a.example.com/shop/"}}`,
    'transport: {http: {host: 0.0.0.0}}',
  ])('is not asked for: %s', async (text) => {
    expect((await reading(inProfile(text))).problems).toEqual([]);
  });
});

describe('tls', () => {
  const files = { 'tls/cert.pem': 'c', 'tls/key.pem': 'k', 'tls/ca.pem': 'a' };
  const site = (tls: string): string => inProfile(`transport: {http: {tls: {${tls}}}}`);

  it('names files relative to the file that names them', async () => {
    const folder = await newSite({
      ...files,
      'mxcp-site.yml': site('cert: tls/cert.pem, key: nowhere, ca: tls/ca.pem, request_cert: true'),
      'conf/c.yml': 'transport: {http: {tls: {key: ../tls/key.pem}}}\n',
    });
    const { project, problems } = await read(folder, { config: 'conf/c.yml' });
    expect(problems).toEqual([]);
    expect(project?.transport.http.tls).toEqual({
      cert: join(folder, 'tls/cert.pem'),
      key: join(folder, 'tls/key.pem'),
      ca: join(folder, 'tls/ca.pem'),
      requestCert: true,
    });
    expect(project?.auth).toMatchObject({ open: false, clientCertificates: true });
  });

  it.each([
    ['cert: tls/cert.pem', ['mxcp-site.yml:4:47 missing-key']],
    ['cert: tls/cert.pem, key: tls/no.pem', ['mxcp-site.yml:4:73 missing-file']],
    ['cert: tls/cert.pem, key: tls/key.pem, request_cert: true', ['mxcp-site.yml:4:86 missing-key']],
    ['cert: tls/cert.pem, key: tls/key.pem, keyy: x', ['mxcp-site.yml:4:86 unknown-key']],
  ])('with `%s` is refused', async (tls, wanted) => {
    const { problems } = await read(await newSite({ ...files, 'mxcp-site.yml': site(tls) }));
    expect(problems.map(place).map((each) => each.replace(/:\d+ /, ': '))).toEqual(
      wanted.map((each) => each.replace(/:\d+ /, ': ')),
    );
  });

  it('makes callers of client certificates unless somebody says no', async () => {
    const asked = 'cert: tls/cert.pem, key: tls/key.pem, ca: tls/ca.pem, request_cert: true';
    const text = `${site(asked).trimEnd().slice(0, -2)}, auth: {client_certificates: false}}}\n`;
    const { project, problems } = await read(await newSite({ ...files, 'mxcp-site.yml': text }));
    expect(problems).toEqual([]);
    expect(project?.auth).toMatchObject({ open: true, clientCertificates: false });
  });
});

describe('trusted proxies', () => {
  const mapped = ['10.0.0.1, ::ffff:0:0/96', '0:0:0:0:0:FFFF::/96', '::0:ffff:10.0.0.0/96'];
  const everybody = ['true', '*', '0.0.0.0/0', '::/0', ...mapped];
  const sites = [minimalSite, inProfile('transport: {http: {trust_proxy: 10.0.0.0/8}}')];

  it.each(everybody.flatMap((value) => sites.map((site, index) => [value, index, site] as const)))(
    'are never everybody: MXCP_TRUST_PROXY=%s is refused, whatever the file says (%i)',
    async (value, _index, site) => {
      const { problems } = await reading(site, { env: { MXCP_TRUST_PROXY: value } });
      expect(problems.map(({ severity, rule }) => `${severity} ${rule}`)).toEqual(['error wrong-value']);
    },
  );

  it('are the addresses and networks of MXCP_TRUST_PROXY over those of the file', async () => {
    const wanted = ['192.0.2.1', '2001:db8::/32', '::ffff:10.0.0.0/104', 'fe80::1%eth0', '::1', 'loopback'];
    const env = { MXCP_TRUST_PROXY: wanted.join(',') };
    expect((await http(sites[1] ?? '', { env }))?.trustProxy).toEqual(wanted);
  });
});

describe('the address of the server', () => {
  const addresses = [
    ['https://MCP.Example.com', 'https://mcp.example.com'],
    ['https://mcp.example.com:443/', 'https://mcp.example.com'],
    ['http://127.0.0.1:80/Base//', 'http://127.0.0.1/Base'],
    ['https://mcp.example.com/a/../b/', 'https://mcp.example.com/b'],
    ['https://mcp.example.com:8443/base', 'https://mcp.example.com:8443/base'],
  ] as const;

  it.each(addresses)('%s is known as clients send it, so that it is compared: %s', async (stated, wanted) => {
    expect((await http(minimalSite, { env: { MXCP_BASE_URL: stated } }))?.baseUrl).toBe(wanted);
    const { project } = await reading(inProfile(`transport: {http: {base_url: "${stated}"}}`));
    expect(project?.transport.http.baseUrl).toBe(wanted);
    expect(project?.settings).toContainEqual({
      path: 'transport.http.base_url',
      value: wanted,
      from: 'site',
    });
  });

  it.each(['/', '/mcp', '/mcp/', '/api/v1.2/mcp', '/healthz2', '/a/oauth'])('has MCP at %s', async (path) => {
    expect((await http(minimalSite, { env: { MXCP_PATH: path } }))?.path).toBe(path);
    expect((await http(inProfile(`transport: {http: {path: "${path}"}}`)))?.path).toBe(path);
  });

  const others = ['/healthz', '/readyz', '/oauth', '/oauth/token', '/.well-known/x'];
  const patterns = ['/:tenant', '/*', '/a?b', '/a#b', '//a', '/a/../b', '/%6dcp', 'mcp'];
  it.each([...others, ...patterns])(
    'has MCP not at %s, which is another place or no single one',
    async (path) => {
      const refused = async (site: string, options: Partial<LoadOptions> = {}): Promise<readonly string[]> =>
        (await reading(site, options)).problems.map(({ severity, rule }) => `${severity} ${rule}`);
      expect(await refused(minimalSite, { env: { MXCP_PATH: path } })).toEqual(['error wrong-value']);
      expect(await refused(inProfile(`transport: {http: {path: "${path}"}}`))).toEqual(['error wrong-value']);
    },
  );
});
