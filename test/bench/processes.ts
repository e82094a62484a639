import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Load } from './load.js';

export const launcher = fileURLToPath(new URL('../../dist/launch.cjs', import.meta.url));
const tsx = ['--import', import.meta.resolve('tsx')];

/** A bench calls more often than anybody may. */
const unlimited = 'limits: {rate: {global: off, per_user: off, per_client: off, per_key: off}}\n';

/** Writes the files of a site into a new folder and returns it. */
export function writeSite(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'mxcp-bench-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    const isSite = name === 'mxcp-site.yml' && !/^limits:/m.test(text);
    writeFileSync(join(root, name), isSite ? `${text.trimEnd()}\n${unlimited}` : text);
  }
  return root;
}

/** The environment of a bench process: nothing of the user's own configuration. */
export function benchEnv(root: string): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: root, UV_THREADPOOL_SIZE: '20', NO_COLOR: '1' };
}

/** A server process that answers at `url`; `close` ends it. */
export interface Served {
  readonly url: string;
  readonly startMs: number;
  readonly pid: number;
  readonly close: () => Promise<void>;
}

async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).arrayBuffer();
    return true;
  } catch {
    return false; // not listening yet
  }
}

async function untilServing(child: ChildProcess, url: string): Promise<void> {
  while (!(await answers(url))) {
    if (child.exitCode !== null)
      throw new Error(`The server ended with ${child.exitCode} before it listened`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function start(child: ChildProcess, origin: string): Promise<Served> {
  const began = performance.now();
  await untilServing(child, `${origin}/healthz`);
  const close = async (): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  };
  return { url: `${origin}/mcp`, startMs: performance.now() - began, pid: child.pid ?? 0, close };
}

let nextPort = 18_400 + (process.pid % 200) * 8;

/** Starts `mxcp serve` on a site. */
export function serveSite(root: string, args: readonly string[] = []): Promise<Served> {
  const port = nextPort++;
  const all = [launcher, 'serve', '--port', String(port), ...args];
  const child = spawn(process.execPath, all, {
    cwd: root,
    env: benchEnv(root),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return start(child, `http://127.0.0.1:${port}`);
}

/** Starts a floor: a server that does the same work with nothing around it. */
export function serveFloor(file: URL): Promise<Served> {
  const port = nextPort++;
  const args = [...tsx, fileURLToPath(file), String(port)];
  const child = spawn(process.execPath, args, {
    env: benchEnv(tmpdir()),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return start(child, `http://127.0.0.1:${port}`);
}

const loader = fileURLToPath(new URL('load.ts', import.meta.url));

/** Loads a server from a process of its own. */
export async function loadFrom(url: string, connections: number, ms: number, body: string): Promise<Load> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...tsx,
    loader,
    url,
    String(connections),
    String(ms),
    body,
  ]);
  return JSON.parse(stdout) as Load;
}

/** Processor time that a process has used so far, milliseconds. It drifts less than a rate on a machine that others use too. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
