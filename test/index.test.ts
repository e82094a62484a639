import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import {
  call,
  createServer,
  isMxcpError,
  loadProject,
  openProject,
  openRuntime,
  siteSecret,
} from '../src/index.js';
import { bootstrappedSite, temporarySite } from './cli/temporary-site.js';
import { freePort } from './services/free-port.js';

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

describe('a program that embeds a site', () => {
  it('loads it, opens it, and calls through the whole pipeline', async () => {
    const { root, env } = await bootstrappedSite();
    const project = await loadProject({ cwd: root, env });
    const runtime = await openRuntime(project, {
      siteSecret: siteSecret(project, env, { mayGenerate: true }),
      logger: silent,
      purpose: 'run',
      transport: 'api',
    });
    const ask = (department: string): ReturnType<typeof call> =>
      call(runtime, {
        kind: 'tool',
        name: 'find_people',
        arguments: { department },
        caller: runtime.callerOf('api'),
        context: { transport: 'api', id: '1', time: Date.now() * 1000, headers: {} },
      });
    const sales = await ask('Sales');
    const board = await ask('Board');
    await runtime.close();
    expect(sales).toMatchObject({ status: 'success', released: { value: [{ email: 'c***s@example.com' }] } });
    expect(board).toMatchObject({
      status: 'denied',
      error: { code: 'POLICY_DENIED' },
      policy: { rule: 'board-is-for-hr' },
    });
    expect(board.status === 'denied' && isMxcpError(board.error)).toBe(true);
  });

  it('opens a site and calls it in few words, as whom it says', async () => {
    const { root, env } = await bootstrappedSite();
    const runtime = await openProject({ site: root, env });
    const wish = { name: 'team_summary', arguments: { department: 'Engineering' } };
    const persona = { userId: 'hanna', role: 'hr', claims: {} };
    const asHanna = await call(runtime, { ...wish, user: persona });
    const asNobody = await call(runtime, wish);
    await runtime.close();
    expect(asHanna).toMatchObject({ released: { value: { people: 2, average_salary: 85000 } } });
    expect(asNobody).toMatchObject({ released: { json: '{"department":"Engineering","people":2}' } });
  });

  it('serves a site over HTTP until it closes it', async () => {
    const { root, env } = await bootstrappedSite();
    const server = await createServer({ site: root, env, port: 0 });
    const client = new Client({ name: 'embedding', version: '1' });
    await client.connect(new StreamableHTTPClientTransport(new URL(server.url)));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['find_people', 'team_summary']);
    await client.close();
    await server.close();
    await expect(fetch(server.url)).rejects.toThrow();
  });

  it('serves at the port that it names, and publishes that one', async () => {
    const { root, env } = temporarySite({
      'mxcp-site.yml': `mxcp: 1
project: embedded
profile: default
profiles: {default: {auth: {mode: verifier, issuer: 'https://issuer.example', audience: [embedded]}}}
`,
    });
    const port = await freePort();
    const server = await createServer({ site: root, env, port });
    const { status, headers } = await fetch(server.url, { method: 'POST' });
    await server.close();
    expect([status, new URL(server.url).port]).toEqual([401, String(port)]);
    expect(headers.get('www-authenticate')).toContain(`localhost:${port}/.well-known/`);
  });

  it('makes no secret up that other replicas would not have', async () => {
    const { root, env } = temporarySite({
      'mxcp-site.yml': `mxcp: 1
project: replicas
profile: default
profiles: {default: {auth: {api_keys: true, persistence: {type: redis, url: 'redis://127.0.0.1:1'}}}}
`,
    });
    await expect(createServer({ site: root, env, port: 0 })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ rule: 'site-secret' }],
    });
  });

  it('is told everything that is wrong with a site that does not open', async () => {
    const { root, env } = await bootstrappedSite();
    await rm(join(root, 'typescript', 'team_summary.ts'));
    await expect(openProject({ site: root, env })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
