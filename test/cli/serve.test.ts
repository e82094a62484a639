import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Ran, RunOptions } from './run-in-process.js';
import { bootstrappedSite, temporarySite, type TemporarySite } from './temporary-site.js';

interface Served {
  readonly url: string;
  readonly stop: () => Promise<Ran>;
}

/** Serves a site over HTTP on a free port until `stop`. */
async function serve(site: TemporarySite, ...args: readonly string[]): Promise<Served> {
  const controller = new AbortController();
  const ended: { ran?: Promise<Ran> } = {};
  const url = await new Promise<string>((resolve, reject) => {
    const onStdout = (text: string): void => {
      const found = /http:\S+/.exec(text);
      if (found) resolve(found[0]);
    };
    const ran = site.mxcp(['serve', '--port', '0', ...args], { signal: controller.signal, onStdout });
    ended.ran = ran;
    ran.then(({ stderr }) => reject(new Error(`The server ended: ${stderr}`)), reject);
  });
  return {
    url,
    stop: async () => {
      controller.abort();
      return ended.ran ?? Promise.reject(new Error('not started'));
    },
  };
}

async function callTool(url: string, name: string, args: object): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-06-18',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }),
  });
  const text = await response.text();
  const data = text.startsWith('{') ? text : (/^data: (.*)$/m.exec(text)?.[1] ?? 'null');
  return (JSON.parse(data) as { result?: unknown }).result;
}

function auditOf(site: TemporarySite): string {
  const folder = join(site.root, 'audit');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');
}

it('mxcp serve --readonly says once that a database in memory takes no notice of it, and does not call it read-only', async () => {
  const site = temporarySite({
    'mxcp-site.yml':
      'mxcp: 1\nproject: p\nprofile: dev\nprofiles: { dev: { duckdb: { path: ":memory:" } } }\n',
    'tools/t.yml': 'tool: { name: t, source: { code: SELECT 1 AS n } }\n',
  });
  const { stdout, stderr } = await (await serve(site, '--readonly')).stop();
  expect(stderr.match(/readonly-in-memory/g)).toHaveLength(1);
  expect(stderr).toContain('SQL that writes does write');
  expect(stdout).not.toContain('read-only');
  const plain = await (await serve(site)).stop();
  expect(plain.stderr).not.toContain('readonly-in-memory');
});

describe('mxcp serve', () => {
  it('says what it serves, where, with which sign-in and whether it is recorded; answers; ends with 0', async () => {
    const site = await bootstrappedSite();
    const server = await serve(site);
    const result = await callTool(server.url, 'find_people', { department: 'Sales' });
    expect(JSON.stringify(result)).toContain('c***s@example.com');
    expect((await fetch(new URL('/readyz', server.url))).status).toBe(200);
    const { code, stdout, stderr } = await server.stop();
    expect(code).toBe(0);
    expect(stdout).toContain('2 tools, 0 resources, 0 prompts');
    expect(stdout).not.toContain('anonymous caller sees');
    expect(stdout).toContain(server.url);
    expect(stdout).toMatch(/sign-in +none: this machine only, every caller is anonymous/);
    expect(stdout).toMatch(/audit log +audit\/logs-default-\*\.jsonl/);
    expect(stderr).toContain('Stopping');
    expect(auditOf(site)).toContain('"operation_name":"find_people"');
    await expect(fetch(server.url)).rejects.toThrow();
  });

  it('names the address that tokens are bound to where people sign in: clients take no other', async () => {
    const auth = 'auth: { provider: github, github: { client_id: a, client_secret: b-very-secret } }';
    const profile = `transport: { http: { base_url: "http://localhost:1" } }, ${auth}`;
    const site = temporarySite({
      'mxcp-site.yml': `mxcp: 1
project: p
profile: dev
profiles: { dev: { duckdb: { path: ":memory:" }, ${profile} } }
`,
      'tools/t.yml': 'tool: { name: t, source: { code: SELECT 1 AS n } }\n',
    });
    const { code, stdout } = await (await serve(site)).stop();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ +at +http:\/\/localhost:1\/mcp$/m);
    expect(stdout).toMatch(/^ +listens +at http:\/\/127\.0\.0\.1:\d+\/mcp$/m);
  });

  it('says so when nobody sees anything, and how to see more', async () => {
    const site = temporarySite({
      'mxcp-site.yml': `mxcp: 1
project: closed
profile: default
users: {hanna: {role: hr}}
profiles: {default: {duckdb: {path: ':memory:'}}}
`,
      'tools/pay.yml': `mxcp: 1
tool:
  name: pay
  source: {code: SELECT 1 AS one}
  policies: {input: [{condition: "user.role != 'hr'", action: deny}]}
`,
    });
    const anonymous = await serve(site);
    expect((await anonymous.stop()).stdout).toContain('an anonymous caller sees 0 of 1 tool; try --as hanna');
    const hanna = await serve(site, '--as', 'hanna');
    expect((await hanna.stop()).stdout).not.toContain('sees 0 of');
  });

  it('tells the same as the one JSON document with --json', async () => {
    const site = await bootstrappedSite();
    const server = await serve(site, '--json');
    const { json } = await server.stop();
    expect(json()).toMatchObject({
      status: 'ok',
      result: { transport: 'streamable-http', tools: 2, left_out: [], database: ':memory:' },
    });
  });

  it('makes every caller the persona of --as, recorded as asserted', async () => {
    const site = await bootstrappedSite();
    const server = await serve(site, '--as', 'hanna');
    expect(JSON.stringify(await callTool(server.url, 'find_people', { department: 'Board' }))).toContain(
      '210000',
    );
    const { stdout } = await server.stop();
    expect(stdout).toContain('every caller is hanna (--as)');
    expect(auditOf(site)).toMatch(
      /"user_id":"hanna".*"identity_source":"asserted"|"identity_source":"asserted".*"user_id":"hanna"/,
    );
  });

  it('takes options from their environment twins, flags winning', async () => {
    const site = await bootstrappedSite();
    const env = { MXCP_AS: 'hanna', MXCP_AUDIT_ENABLED: 'false', MXCP_PORT: '1' };
    const withEnv: TemporarySite = { ...site, mxcp: (args, options) => site.mxcp(args, { ...options, env }) };
    const { stdout } = await (await serve(withEnv)).stop();
    expect(stdout).toContain('every caller is hanna (--as)');
    expect(stdout).toMatch(/audit log +OFF: calls leave no record/);
  });

  const refusals: readonly (readonly [string, readonly string[], RunOptions, number, string])[] = [
    ['an unknown persona', ['--as', 'hana'], {}, 2, 'The site has no user hana; did you mean hanna?'],
    ['a persona for others than this machine', ['--as', 'hanna', '--host', '0.0.0.0'], {}, 2, '--as needs'],
    [
      'an open server beyond this machine',
      ['--host', '0.0.0.0'],
      { env: { MXCP_SECRET_KEY: 'x'.repeat(32) } },
      3,
      'loopback',
    ],
    ['a server beyond this machine without secret', ['--host', '0.0.0.0'], {}, 3, 'secret_key'],
    ['a port that is none', ['--port', '65536'], {}, 2, 'A port is a number'],
    ['a transport of the past', ['--transport', 'sse'], {}, 2, 'use streamable-http'],
    ['a flag that is none', ['--sql-tools', 'maybe'], {}, 2, 'true or false'],
    [
      'a variable that is no flag',
      [],
      { env: { MXCP_IGNORE_ERRORS: 'maybe' } },
      2,
      'MXCP_IGNORE_ERRORS must be',
    ],
    ['an unknown profile', ['--profile', 'prod'], {}, 3, 'There is no profile "prod"'],
  ];

  it.each(refusals)('refuses %s before it listens', async (_, args, options, code, text) => {
    const site = await bootstrappedSite();
    const ran = await site.mxcp(['serve', '--port', '0', ...args], options);
    expect(ran.stderr).toContain(text);
    expect(ran.code).toBe(code);
    expect(ran.stdout).toBe('');
  });

  it('refuses to start with any error; --ignore-errors leaves the endpoint out and says so', async () => {
    const site = await bootstrappedSite();
    writeFileSync(
      join(site.root, 'tools', 'bad.yml'),
      'mxcp: 1\ntool: { name: bad, source: { code: "SELECT 1" }, x: 1 }\n',
    );
    writeFileSync(
      join(site.root, 'tools', 'sql.yml'),
      'mxcp: 1\ntool: { name: sql, source: { code: "SELEC 1" } }\n',
    );
    const refused = await site.mxcp(['serve', '--port', '0']);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('tools/bad.yml:2');
    expect(refused.stderr).toContain('tools/sql.yml:2');
    const server = await serve(site, '--ignore-errors');
    const { stdout, stderr } = await server.stop();
    expect(stdout).toContain('2 tools');
    expect(stdout).toMatch(/left out +tools\/bad\.yml, tools\/sql\.yml/);
    expect(stderr).toContain('tools/bad.yml:2');
  });

  it('never leaves an error of the site file out', async () => {
    const site = temporarySite({ 'mxcp-site.yml': 'mxcp: 1\nproject: p\nprofile: d\nwat: 1\n' });
    const { code, stderr } = await site.mxcp(['serve', '--ignore-errors', '--port', '0']);
    expect(code).toBe(3);
    expect(stderr).toContain('mxcp-site.yml:4:1 error');
  });

  it('says which address is taken', async () => {
    const site = await bootstrappedSite();
    const server = await serve(site);
    const { port } = new URL(server.url);
    const second = await site.mxcp(['serve', '--port', port]);
    await server.stop();
    expect(second.code).toBe(2);
    expect(second.stderr).toContain(`cannot listen on localhost:${port}: another program listens there`);
    expect(second.stderr).not.toContain('--help');
  });

  it('warns of more connections than threads', async () => {
    const site = await bootstrappedSite();
    const few: TemporarySite = {
      ...site,
      mxcp: (args, options) => site.mxcp(args, { ...options, env: { UV_THREADPOOL_SIZE: '4' } }),
    };
    const { stderr } = await (await serve(few)).stop();
    expect(stderr).toContain('Start with UV_THREADPOOL_SIZE=20');
  });

  it('keeps stdout for the protocol over stdio, and ends with 0 when the client hangs up', async () => {
    const site = await bootstrappedSite();
    const line = (id: number, method: string, params: object): string =>
      `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;
    const initialize = line(1, 'initialize', {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'test', version: '1' },
    });
    const call = line(2, 'tools/call', { name: 'find_people', arguments: { department: 'Sales' } });
    const stdin = `${initialize}{"jsonrpc":"2.0","method":"notifications/initialized"}\n${call}`;
    const { code, stdout, stderr } = await site.mxcp(['serve', '--transport', 'stdio'], { stdin });
    expect(code).toBe(0);
    const messages = stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as { id?: number });
    expect(messages.map(({ id }) => id)).toEqual([1, 2]);
    expect(stdout).toContain('c***s@example.com');
    expect(stderr).toMatch(/sign-in +none: the local client/);
  });
});
