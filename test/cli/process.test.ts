import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';

const launcher = fileURLToPath(new URL('../../dist/launch.cjs', import.meta.url));
let home = '';
let site = '';

function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: home };
}

function mxcp(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [launcher, ...args], {
    cwd: site,
    env: environment(),
    encoding: 'utf8',
  });
}

const children: ChildProcessWithoutNullStreams[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function start(...args: readonly string[]): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [launcher, ...args], { cwd: site, env: environment() });
  children.push(child);
  return child;
}

/** Resolves when a stream has shown a text; rejects when it ends before. */
function shown(stream: NodeJS.ReadableStream, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      seen += chunk;
      if (seen.includes(text)) resolve(seen);
    });
    stream.on('end', () => reject(new Error(`ended without "${text}": ${seen}`)));
  });
}

function ended(
  child: ChildProcessWithoutNullStreams,
): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
}

beforeAll(() => {
  if (!existsSync(launcher)) throw new Error('dist is missing: npm run build');
  const base = mkdtempSync(join(tmpdir(), 'mxcp-process-'));
  home = join(base, 'home');
  site = join(base, 'site');
  mkdirSync(home);
  mkdirSync(site);
  expect(mxcp('init', '--bootstrap')).toMatchObject({ status: 0, stderr: '' });
});

const endless = 'SELECT count(*) AS n FROM range(100000000000) a, range(1000) b';

/** Resolves when the audit log has the intent of a call, so that its body is about to run. */
async function started(name: string): Promise<void> {
  const folder = join(site, 'audit');
  for (;;) {
    const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.jsonl')) : [];
    const records = files.map((file) => readFileSync(join(folder, file), 'utf8'));
    const lines = records.flatMap((text) => text.split('\n').filter((line) => line.includes('"started"')));
    if (lines.some((line) => line.includes(`"operation_name":"${name}"`))) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Least processor time that a program took in several runs, milliseconds: wall time would measure the machine's other work. */
function leastCpuTime(args: readonly string[]): number {
  const hook = join(home, 'cpu-time.cjs');
  const report =
    'process.on("exit",()=>{const{user,system}=process.cpuUsage();fs.writeSync(2,"cpu "+(user+system))})';
  writeFileSync(hook, `const fs=require("fs");${report}`);
  const times = Array.from({ length: 9 }, () => {
    const { stderr } = spawnSync(process.execPath, ['-r', hook, ...args], {
      env: environment(),
      encoding: 'utf8',
    });
    return Number(/cpu (\d+)/.exec(stderr)?.[1]) / 1000;
  });
  return Math.min(...times);
}

/** A request over HTTP that calls a tool. */
function callOf(name: string, args: object): RequestInit {
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2025-06-18',
  };
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } };
  return { method: 'POST', headers, body: JSON.stringify(message) };
}

describe('the mxcp executable', () => {
  it.each(['--version', '--help'])(
    'answers %s within twice the time that node needs to do nothing',
    (option) => {
      expect(leastCpuTime([launcher, option])).toBeLessThan(2 * leastCpuTime(['-e', '0']));
    },
  );

  it('gives streams and exit codes to a shell', () => {
    expect(mxcp('--version')).toMatchObject({ status: 0, stderr: '' });
    expect(mxcp('validate')).toMatchObject({
      status: 0,
      stderr: '',
      stdout: '2 endpoints checked: no problems\n',
    });
    expect(mxcp('run', 'tool', 'find_people', '-p', 'department=Board')).toMatchObject({
      status: 1,
      stdout: '',
    });
    expect(mxcp('frobnicate')).toMatchObject({ status: 2, stdout: '' });
    expect(mxcp('list', '--profile', 'nope')).toMatchObject({ status: 3 });
  });

  it('writes no colours to a pipe', () => {
    expect(mxcp('list').stdout).not.toContain('\u001b');
  });

  it.skipIf(process.platform === 'win32')(
    'can be run by its name after each build, as a linked installation does',
    () => {
      const { stdout, status } = spawnSync(launcher, ['--version'], { env: environment(), encoding: 'utf8' });
      expect([status, stdout]).toEqual([0, expect.stringContaining('mxcp')]);
    },
  );

  it('survives a reader that goes away', () => {
    const sql = "SELECT repeat('x', 100) AS x FROM range(5000)";
    const script = '"$0" "$1" query "$2" | head -n 1; echo "${PIPESTATUS[0]}"';
    const args = ['-c', script, process.execPath, launcher, sql];
    const { stdout, stderr } = spawnSync('bash', args, { cwd: site, env: environment(), encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n').at(-1)).toBe('0');
  });

  it('does not say that all went well when its output is lost on a full disk', () => {
    const script = '"$0" "$1" list > /dev/full';
    const args = ['-c', script, process.execPath, launcher];
    const ended = spawnSync('bash', args, { cwd: site, env: environment(), encoding: 'utf8' });
    expect(ended).toMatchObject({ status: 1, stderr: 'error The output could not be written (ENOSPC)\n' });
  });

  it('goes on serving when its log cannot be written', async () => {
    const script = 'exec "$0" "$1" serve --port 0 --debug 2> /dev/full';
    const server = spawn('bash', ['-c', script, process.execPath, launcher], {
      cwd: site,
      env: environment(),
    });
    children.push(server);
    const url = /http:\S+/.exec(await shown(server.stdout, '/mcp'))?.[0] ?? '';
    for (let call = 0; call < 2; call += 1)
      expect((await fetch(url, callOf('find_people', {}))).status).toBe(200);
    const exit = ended(server);
    server.kill('SIGTERM');
    expect(await exit).toEqual({ code: 0, signal: null });
  });

  it('starts with enough threads for its connections', async () => {
    const server = start('serve', '--port', '0', '--json');
    const stderr = shown(server.stderr, 'Stopping');
    await shown(server.stdout, '"url"');
    const exit = ended(server);
    server.kill('SIGTERM');
    expect(await stderr).not.toContain('UV_THREADPOOL_SIZE');
    expect(await exit).toEqual({ code: 0, signal: null });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('drains on %s and ends with 0', async (signal) => {
    const server = start('serve', '--port', '0');
    await shown(server.stdout, '/mcp');
    const exit = ended(server);
    server.kill(signal);
    expect(await exit).toEqual({ code: 0, signal: null });
  });

  it('cancels a running query on SIGINT', async () => {
    const query = start('query', `CREATE TABLE endless AS ${endless}`);
    const exit = ended(query);
    const stderr = shown(query.stderr, 'CALL_CANCELLED');
    await Promise.race([started('query'), stderr]);
    query.kill('SIGINT');
    await stderr;
    expect(await exit).toEqual({ code: 1, signal: null });
  });

  it('ends within its grace although a query runs that nobody can stop, with the call on record', async () => {
    const sql = "SELECT levenshtein(repeat('x', 100000), repeat($y, 100000)) AS n";
    writeFileSync(
      join(site, 'tools', 'stubborn.yml'),
      `mxcp: 1
tool:
  name: stubborn
  limits: {timeout: 100ms}
  parameters: [{name: y, type: string}]
  source: {code: "${sql}"}
`,
    );
    const server = start('serve', '--port', '0');
    const exit = ended(server);
    const why = shown(server.stderr, 'cannot be stopped');
    const url = /http:\S+/.exec(await shown(server.stdout, '/mcp'))?.[0] ?? '';
    const answer = await fetch(url, callOf('stubborn', { y: 'y' }));
    expect(await answer.text()).toContain('EXECUTE_TIMEOUT');
    const before = performance.now();
    server.kill('SIGTERM');
    expect(await exit).toEqual({ code: null, signal: 'SIGTERM' });
    expect(performance.now() - before).toBeLessThan(10_000 + 2000);
    await why;
    expect(mxcp('log', '--status', 'error', '--tool', 'stubborn', '--json').stdout).toContain(
      'EXECUTE_TIMEOUT',
    );
    expect(mxcp('log', 'verify').status).toBe(0);
    rmSync(join(site, 'tools', 'stubborn.yml'));
  }, 30_000);

  it('ends at once on a second signal, while a call is running', async () => {
    const tool = `mxcp: 1\ntool: { name: endless, source: { code: "CREATE TABLE e AS ${endless}" } }\n`;
    writeFileSync(join(site, 'tools', 'endless.yml'), tool);
    const server = start('serve', '--port', '0');
    const stopping = shown(server.stderr, 'Stopping');
    const exit = ended(server);
    const url = /http:\S+/.exec(await shown(server.stdout, '/mcp'))?.[0] ?? '';
    const answer = fetch(url, callOf('endless', {})).then((response) => response.text());
    const lost = expect(answer).rejects.toThrow();
    await Promise.race([started('endless'), stopping]);
    server.kill('SIGTERM');
    await stopping;
    server.kill('SIGTERM');
    expect(await exit).toEqual({ code: null, signal: 'SIGTERM' });
    await lost;
    rmSync(join(site, 'tools', 'endless.yml'));
  });

  it('serves a client over stdio with nothing but the protocol on stdout', async () => {
    const server = start('serve', '--transport', 'stdio');
    const exit = ended(server);
    const answer = shown(server.stdout, '"id":1');
    const params = {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 't', version: '1' },
    };
    server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`);
    for (const line of (await answer).trim().split('\n'))
      expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
    server.stdin.end();
    expect(await exit).toEqual({ code: 0, signal: null });
  });
});
