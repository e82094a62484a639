import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../', import.meta.url));

/** The built executable. */
export const launcher = join(repository, 'dist', 'launch.cjs');

/** A copy of a site in a folder of its own, with a home folder of its own. */
export interface Site {
  readonly base: string;
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  /** Lines of all audit segments, in the order of their files. */
  readonly records: () => Record<string, unknown>[];
  /** Everything that the site keeps about calls, as text. */
  readonly auditText: () => string;
  readonly remove: () => void;
}

function segmentsOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => join(folder, name));
}

/** The records of the segments in a folder. A torn last line, as SIGKILL may leave one, is no record. */
export function recordsIn(folder: string): Record<string, unknown>[] {
  return segmentsOf(folder).flatMap((path) => {
    const lines = readFileSync(path, 'utf8').split('\n');
    lines.pop();
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  });
}

function siteIn(base: string, env: Readonly<Record<string, string>>): Site {
  const root = join(base, 'site');
  const folder = join(root, 'audit');
  return {
    base,
    root,
    env: { PATH: process.env['PATH'], HOME: join(base, 'home'), NO_COLOR: '1', ...env },
    records: () => recordsIn(folder),
    auditText: () =>
      segmentsOf(folder)
        .map((path) => readFileSync(path, 'utf8'))
        .join(''),
    remove: () => rmSync(base, { recursive: true, force: true }),
  };
}

function newBase(): string {
  const base = mkdtempSync(join(tmpdir(), 'mxcp-e2e-'));
  mkdirSync(join(base, 'home'));
  return base;
}

/** Copies a folder of this repository that is a site. */
export function copySite(folder: string, env: Readonly<Record<string, string>> = {}): Site {
  const base = newBase();
  const source = join(repository, folder);
  cpSync(source, join(base, 'site'), {
    recursive: true,
    filter: (path) => !(dirname(path) === source && basename(path) === 'audit'),
  });
  return siteIn(base, env);
}

/** Writes a site that consists of these files. */
export function writeSite(
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Site {
  const base = newBase();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(base, 'site', name)), { recursive: true });
    writeFileSync(join(base, 'site', name), text);
  }
  return siteIn(base, env);
}

/** How a command ended, and everything that it said. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process of the program, with everything that it has said so far. */
export interface Program {
  readonly child: ChildProcessWithoutNullStreams;
  readonly said: { stdout: string; stderr: string };
  readonly ended: Promise<number | null>;
}

/** How a process of the program is started. */
export interface StartOptions {
  /** It is killed when it is still there after this time, milliseconds. */
  readonly lifeMs?: number;
  /** User and group to run as, for a test that is root. */
  readonly uid?: number;
  /** Core files of any size are allowed. */
  readonly cores?: true;
}

/** Starts the program in a site's folder. */
export function start(site: Site, args: readonly string[], options: StartOptions = {}): Program {
  const { lifeMs = 300_000, uid, cores } = options;
  const program = [process.execPath, launcher, ...args];
  const [file = '', ...words] = cores
    ? ['sh', '-c', 'ulimit -c unlimited; exec "$@"', 'sh', ...program]
    : program;
  const child = spawn(file, words, {
    cwd: site.root,
    env: site.env,
    ...(uid !== undefined && { uid, gid: uid }),
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  child.stdin.on('error', () => undefined); // the program may end before it has read everything
  const timer = setTimeout(() => child.kill('SIGKILL'), lifeMs);
  const ended = once(child, 'close').then(([code]) => {
    clearTimeout(timer);
    return code as number | null;
  });
  return { child, said, ended };
}

/** How a client starts a server of a site that speaks over its streams. */
export function stdioServer(site: Site, args: readonly string[]) {
  const env = Object.fromEntries(Object.entries(site.env).map(([key, value]) => [key, value ?? '']));
  const words = [launcher, 'serve', '--transport', 'stdio', ...args];
  return { command: process.execPath, args: words, cwd: site.root, env, stderr: 'ignore' as const };
}

/** Runs a command to its end. */
export async function mxcp(site: Site, args: readonly string[], lifeMs = 60_000): Promise<Ran> {
  const { child, said, ended } = start(site, args, { lifeMs });
  child.stdin.end();
  return { code: await ended, ...said };
}

/** A server over HTTP. */
export interface Server extends Program {
  readonly url: string;
  /** Asks it to stop; resolves with its exit code. */
  readonly stop: () => Promise<number | null>;
  /** Ends it without asking. */
  readonly kill: () => Promise<void>;
}

/** Address for clients, and where it listens when that is another one. */
const banner = /^ +at +(\S+)\n(?: +listens +at (\S+)\n)?/m;

/** Where a server listens, by its banner. */
function announced(program: Program): Promise<string> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const [, forClients, listening] = banner.exec(program.said.stdout) ?? [];
      if (forClients !== undefined) resolve(listening ?? forClients);
    };
    program.child.stdout.on('data', look);
    void program.ended.then((code) =>
      reject(new Error(`The server ended with ${code}\n${program.said.stdout}${program.said.stderr}`)),
    );
  });
}

/** Serves a site on a free port of this machine; resolves when it listens. */
export async function serve(
  site: Site,
  args: readonly string[] = [],
  options: StartOptions = {},
): Promise<Server> {
  const program = start(site, ['serve', '--host', '127.0.0.1', '--port', '0', ...args], options);
  const url = await announced(program);
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    program.child.kill(signal);
    return program.ended;
  };
  return { ...program, url, stop: () => end('SIGTERM'), kill: () => end('SIGKILL').then(() => undefined) };
}
