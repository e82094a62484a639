import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Finding } from '../../src/inspect/doctor/finding.js';
import { temporarySite, type TemporarySite } from './temporary-site.js';

interface Case {
  readonly name: string;
  readonly site?: Record<string, unknown>;
  readonly profile?: Record<string, unknown>;
  readonly parameters?: unknown;
  readonly code?: string;
  readonly fails: readonly string[];
  /** Items of `always` that hold here. */
  readonly passes?: readonly string[];
}

interface Table {
  readonly always: readonly string[];
  readonly site: { profiles: { default: Record<string, unknown> } } & Record<string, unknown>;
  readonly tool: { tool: Record<string, unknown> };
  readonly cases: readonly Case[];
}

const table = parse(readFileSync(new URL('cases/doctor.yml', import.meta.url), 'utf8')) as Table;

function siteOf({ site, profile, parameters, code }: Partial<Case>): TemporarySite {
  const file = structuredClone(table.site);
  Object.assign(file, site);
  Object.assign(file.profiles.default, profile);
  const tool = structuredClone(table.tool);
  if (parameters !== undefined) Object.assign(tool.tool, { parameters, return: undefined });
  if (code !== undefined) tool.tool['source'] = { code };
  return temporarySite({
    'mxcp-site.yml': stringify(file, (_key, value: unknown) => value ?? undefined),
    'tools/answer.yml': stringify(tool),
  });
}

async function findingsOf(site: TemporarySite, args: readonly string[] = []): Promise<readonly Finding[]> {
  const ran = await site.mxcp(['doctor', '--json', ...args]);
  const { result } = ran.json() as { result: { findings: readonly Finding[] } };
  expect(ran.code, ran.stderr).toBe(result.findings.some(({ status }) => status === 'fail') ? 4 : 0);
  return result.findings;
}

const failed = (findings: readonly Finding[]): string[] =>
  findings.filter(({ status }) => status === 'fail').map(({ id }) => id);

describe('mxcp doctor', () => {
  it.each(table.cases)('finds what keeps a site from production: $name', async (one) => {
    const always = table.always.filter((id) => !one.passes?.includes(id));
    expect(failed(await findingsOf(siteOf(one)))).toEqual([...always, ...one.fails]);
  });

  it('says how to mend every failure', async () => {
    for (const { status, fix } of await findingsOf(siteOf({ profile: { audit: { enabled: false } } })))
      expect(fix !== undefined).toBe(status === 'fail');
  });

  it('finds bodies and plugins that start other programs', async () => {
    const site = siteOf({});
    mkdirSync(join(site.root, 'typescript'));
    writeFileSync(join(site.root, 'typescript', 'zip.ts'), "import { exec } from 'node:child_process';\n");
    const found = (await findingsOf(site)).find(({ id }) => id === 'shell');
    expect(found).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('typescript/zip.ts') as string,
    });
  });

  it.skipIf(process.platform === 'win32')('finds files that other users can read', async () => {
    const site = siteOf({});
    mkdirSync(join(site.root, 'audit'));
    chmodSync(join(site.root, 'audit'), 0o755);
    expect(failed(await findingsOf(site))).toContain('file-modes');
  });

  it.skipIf(process.platform === 'win32')('finds a store of tokens that other users can read', async () => {
    const site = siteOf({ profile: { auth: { api_keys: true, persistence: { path: 'store/oauth.db' } } } });
    mkdirSync(join(site.root, 'store'), { mode: 0o700 });
    const path = join(site.root, 'store', 'oauth.db');
    writeFileSync(path, '');
    chmodSync(path, 0o644);
    expect(failed(await findingsOf(site))).toEqual(['file-modes']);
    chmodSync(path, 0o600);
    expect(failed(await findingsOf(site))).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('finds a user config that other users can read', async () => {
    const site = siteOf({ profile: { auth: { api_keys: true } } });
    const config = join(site.root, '..', 'config.yml');
    writeFileSync(config, 'mxcp: 1\n');
    chmodSync(config, 0o644);
    expect(failed(await findingsOf(site, ['--config', config]))).toEqual(['file-modes']);
    chmodSync(config, 0o600);
    expect(failed(await findingsOf(site, ['--config', config]))).toEqual([]);
  });

  it.skipIf(process.platform === 'win32').each([
    ['{"metadata":{"vulnerabilities":{"high":1,"critical":1,"total":5}}}', 'fail'],
    ['{"metadata":{"vulnerabilities":{"high":0,"critical":0,"total":5}}}', 'pass'],
    ['nothing', 'note'],
  ])('reads what npm audit says of the packages that the site locks: %s', async (said, status) => {
    const site = siteOf({});
    writeFileSync(join(site.root, 'package-lock.json'), '{}');
    const bin = join(site.root, '..', 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'npm'), `#!/bin/sh\necho '${said}'\n`, { mode: 0o755 });
    vi.stubEnv('PATH', `${bin}:${process.env['PATH'] ?? ''}`);
    const found = await findingsOf(site);
    vi.unstubAllEnvs();
    expect(found.find(({ id }) => id === 'dependencies')).toMatchObject({ status });
  });

  it('never shows a secret that it found', async () => {
    const github = { client_id: 'id', client_secret: 'a-secret-in-a-file' };
    const { stdout, stderr } = await siteOf({ profile: { auth: { provider: 'github', github } } }).mxcp([
      'doctor',
    ]);
    expect(stdout).toContain('literal secrets at ');
    expect(stdout + stderr).not.toContain('a-secret-in-a-file');
  });

  it('lists rules in shadow mode without failing for them', async () => {
    const rule = { id: 'planned', condition: "user.role == 'reader'", action: 'deny', mode: 'shadow' };
    const findings = await findingsOf(siteOf({ site: { policies: { input: [rule] } } }));
    expect(findings.find(({ id }) => id === 'shadow-rules')).toMatchObject({
      status: 'note',
      detail: expect.stringContaining('planned') as string,
    });
  });

  it('prints a line for each item, and refuses an address that is none', async () => {
    const site = siteOf({});
    const text = await site.mxcp(['doctor']);
    expect(text.stdout).toMatch(/^FAIL {2}Authentication is on: /m);
    expect(text.stdout).toMatch(/1 of \d+ items failed/);
    expect((await site.mxcp(['doctor', '--url', 'tools.example'])).code).toBe(2);
  });
});

describe('mxcp doctor --url', () => {
  const servers: Server[] = [];
  const site = siteOf({});

  async function listening(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  }

  const live = (findings: readonly Finding[]): string[] =>
    failed(findings).filter((id) => id.startsWith('live-'));

  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  it('finds what a careless server does', async () => {
    const url = await listening((request, response) => {
      request.resume();
      response.writeHead(200, { 'access-control-allow-origin': '*' });
      response.end('Error: no\n    at handler (/srv/app/server.js:10:2)');
    });
    expect(live(await findingsOf(site, ['--url', url]))).toEqual([
      'live-authentication',
      'live-url-credential',
      'live-headers',
      'live-cors',
      'live-errors',
    ]);
  });

  it('says when nobody answers', async () => {
    const url = await listening(() => undefined);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    expect(live(await findingsOf(site, ['--url', url]))).toEqual(['live-server']);
  });

  it('passes our own server but for what its configuration leaves open', async () => {
    const stop = new AbortController();
    let found: (url: string) => void = () => undefined;
    const address = new Promise<string>((resolve) => (found = resolve));
    const served = site.mxcp(['serve', '--port', '0'], {
      signal: stop.signal,
      onStdout: (text) => {
        const url = /http:\/\/[\d.]+:\d+\/mcp/.exec(text)?.[0];
        if (url !== undefined) found(url);
      },
    });
    expect(live(await findingsOf(site, ['--url', await address]))).toEqual(['live-authentication']);
    stop.abort();
    expect((await served).code).toBe(0);
  });
});
