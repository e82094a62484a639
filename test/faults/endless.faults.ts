import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Program, serve, type Server, type Site, start, writeSite } from '../e2e/program.js';
import { post, toolCall } from '../transport/http/post.js';
import { callTool } from './call-tool.js';

const endless =
  'SELECT count(*) AS n FROM range(1000000000000) a, range(1000000) b WHERE hash(a.range + b.range) % 7 = 9';

function tool(name: string, code: string, more = ''): string {
  return `
mxcp: 1
tool:
  name: ${name}
  description: A tool.
  ${more}
  return: {type: array, items: {type: object}}
  source: {code: "${code}"}
`;
}

/** A site of queries without end. Each record waits for the disk (libuv's threads), as a file read would. */
function endlessSite(duckdb = ''): Site {
  return writeSite({
    'mxcp-site.yml': `
mxcp: 1
project: endless
profile: default
profiles:
  default:
    duckdb: {path: ':memory:', ${duckdb}}
    audit: {sync: always, reserve: 1MiB}
`,
    'data.csv': 'a,b\n1,2\n',
    'tools/hour.yml': tool('hour', endless, 'limits: {timeout: 3600s}'),
    'tools/second.yml': tool('second', endless, 'limits: {timeout: 1s}'),
    'tools/quick.yml': tool('quick', 'SELECT 1 AS one'),
    'tools/file.yml': tool('file', "SELECT * FROM read_csv('data.csv')"),
    'tools/many.yml': tool(
      'many',
      "SELECT range AS n, 'text ' || range AS text FROM range(100000000)",
      'limits: {timeout: 600s}',
    ),
    'tools/wide.yml': tool(
      'wide',
      "SELECT repeat('x', 1000) || range AS text FROM range(100000000)",
      'limits: {max_rows: 100000000, max_scan_rows: 200000000, timeout: 600s}',
    ),
    'tools/sieve.yml': `${tool('sieve', 'SELECT range AS n FROM range(100000000)', 'limits: {timeout: 600s}')}
  policies: {output: [{action: keep_rows, where: "row.n < 0"}]}
`,
    'tools/wide_sieve.yml': `${tool('wide_sieve', "SELECT repeat('x', 1000) || range AS text FROM range(100000000)", 'limits: {max_scan_rows: 50000, timeout: 600s}')}
  policies: {output: [{action: keep_rows, where: "row.text == ''"}]}
`,
  });
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function timed(url: string, name: string): Promise<{ end: string; ms: number }> {
  const before = performance.now();
  const { end } = await callTool(url, name, {});
  return { end, ms: performance.now() - before };
}

/** The best of some tries: what else the machine does is not what is measured. */
async function best(url: string, name: string, tries = 5): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < tries; i += 1) {
    const { end, ms } = await timed(url, name);
    expect(end, name).toBe('success');
    least = Math.min(least, ms);
  }
  return least;
}

/** Starts a call that only ends when it is given up. */
function startHour(url: string): AbortController {
  const controller = new AbortController();
  const [body, headers] = toolCall('modern', 'hour', {});
  const all = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...headers,
  };
  fetch(url, { method: 'POST', headers: all, body, signal: controller.signal }).catch(() => undefined);
  return controller;
}

const endedCalls = (site: Site, code: string): number =>
  site.records().filter((record) => record['error_code'] === code).length;

describe('five queries without end', () => {
  let site: Site;
  let server: Server;
  beforeAll(async () => {
    site = endlessSite();
    server = await serve(site);
  });
  afterAll(async () => {
    await server.kill();
    site.remove();
  });

  it('delay neither a sixth caller nor a file read', async () => {
    await best(server.url, 'quick', 20);
    const running = Array.from({ length: 5 }, () => startHour(server.url));
    await wait(1500);
    expect(await best(server.url, 'quick')).toBeLessThan(500);
    expect(await best(server.url, 'file')).toBeLessThan(1000);
    for (const one of running) one.abort();
    await expect.poll(() => endedCalls(site, 'CALL_CANCELLED'), { timeout: 10_000 }).toBe(5);
  });
});

describe('a query that would run for an hour, on the only connection', () => {
  let site: Site;
  let server: Server;
  beforeAll(async () => {
    site = endlessSite('pool: 1, threads: 1');
    server = await serve(site);
    await best(server.url, 'quick', 20);
  });
  afterAll(async () => {
    await server.kill();
    site.remove();
  });

  it('stops at its deadline, and its connection works for the next caller', async () => {
    const { end, ms } = await timed(server.url, 'second');
    expect(end).toBe('EXECUTE_TIMEOUT');
    expect(ms).toBeGreaterThan(990);
    expect(ms).toBeLessThan(1200);
    expect(await best(server.url, 'quick')).toBeLessThan(200);
  });

  it('stops when its client disconnects, within 200 ms, and so does the wait of the next caller', async () => {
    const before = endedCalls(site, 'CALL_CANCELLED');
    const client = startHour(server.url);
    await wait(700);
    const next = callTool(server.url, 'quick', {});
    await wait(100);
    const at = performance.now();
    client.abort();
    expect((await next).end).toBe('success');
    expect(performance.now() - at).toBeLessThan(200);
    expect(endedCalls(site, 'CALL_CANCELLED')).toBe(before + 1);
  });
});

describe('the same over stdio', () => {
  let site: Site;
  let program: Program;
  const arrived = new Map<unknown, (message: Record<string, unknown>) => void>();
  beforeAll(() => {
    site = endlessSite('pool: 1, threads: 1');
    program = start(site, ['serve', '--transport', 'stdio']);
    let rest = '';
    program.child.stdout.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const message = JSON.parse(line) as Record<string, unknown>;
        arrived.get(message['id'])?.(message);
      }
    });
  });
  afterAll(async () => {
    program.child.stdin.end();
    expect(await program.ended).toBe(0);
    site.remove();
  });

  const send = (message: object): void =>
    void program.child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

  function ask(id: number, method: string, params: object): Promise<Record<string, unknown>> {
    const answer = new Promise<Record<string, unknown>>((resolve) => arrived.set(id, resolve));
    send({ id, method, params });
    return answer;
  }

  it('stops within 200 ms of notifications/cancelled, and the next caller is served', async () => {
    const clientInfo = { name: 'patient', version: '1' };
    await ask(1, 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
    send({ method: 'notifications/initialized' });
    await ask(2, 'tools/call', { name: 'quick', arguments: {} });
    void ask(3, 'tools/call', { name: 'hour', arguments: {} });
    await wait(700);
    const next = ask(4, 'tools/call', { name: 'quick', arguments: {} });
    await wait(100);
    const at = performance.now();
    send({ method: 'notifications/cancelled', params: { requestId: 3, reason: 'enough' } });
    expect(await next).toMatchObject({ result: { structuredContent: { result: [{ one: 1 }] } } });
    expect(performance.now() - at).toBeLessThan(200);
    expect(endedCalls(site, 'CALL_CANCELLED')).toBe(1);
  });
});

/** The most memory that the server ever had. */
function peakMegabytes(server: Server): number {
  const status = readFileSync(`/proc/${server.child.pid ?? 0}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

describe('a result of 100 million rows', () => {
  let site: Site;
  let server: Server;
  let idle: number;
  beforeAll(async () => {
    site = endlessSite('memory_limit: 256MB');
    server = await serve(site);
    await best(server.url, 'quick', 20);
    idle = peakMegabytes(server);
  });
  afterAll(async () => {
    await server.kill();
    site.remove();
  });

  // Each stopped call kept 66 MB until V8 collected garbage, before streams were held to 32 KB ahead and chunks freed when
  // read; then 2 MB, before the chunk that DuckDB has ready was freed as well. V8's heap has its size after 40 calls.
  it.each(['many', 'sieve', 'wide', 'wide_sieve'])(
    'stops at the budget, with flat memory: %s',
    async (name) => {
      const rounds = async (): Promise<number> => {
        for (let i = 0; i < 40; i += 1)
          expect((await callTool(server.url, name, {})).end).toBe('EXECUTE_LIMIT_EXCEEDED');
        return peakMegabytes(server);
      };
      const warm = await rounds();
      expect(warm - idle).toBeLessThan(256);
      expect((await rounds()) - warm).toBeLessThan(32);
      expect(await best(server.url, 'quick')).toBeLessThan(500);
    },
  );

  it('is not even sent in part', async () => {
    const { text } = await post(server.url, ...toolCall('modern', 'many', {}));
    expect(text.length).toBeLessThan(2000);
    expect(text).not.toContain('text 1');
  });
});
