import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

/** A process that holds workers of a site whose plugin is in a loop in each of them. */
export interface LoopingServer {
  readonly process: ChildProcess;
  /** Ids of the workers: that of bodies, and that of functions in SQL. */
  readonly workers: readonly number[];
  readonly said: () => string;
  readonly kill: () => Promise<void>;
}

const plugin = `import { udf } from 'mxcp';
export function create() {
  setTimeout(() => {
    console.log('in the loop of', process.pid);
    for (;;);
  }, 100);
  return { same: udf({ args: ['BIGINT'], returns: 'BIGINT' }, (x) => x) };
}
`;

function program(root: string): string {
  const at = (path: string): string => JSON.stringify(join(import.meta.dirname, path));
  return `
    import { openBodies } from ${at('../../../src/execute/typescript/open-bodies.ts')};
    import { bodySettings, quietHost } from ${at('bodies.ts')};
    const root = ${JSON.stringify(root)};
    const origin = { file: 'mxcp-site.yml', line: 1, column: 1 };
    const bodies = await openBodies({
      bodies: [],
      plugins: [{ name: 'loop', module: root + '/plugins/loop.ts', config: {}, origin }],
      host: quietHost,
      settings: bodySettings(root, { workers: 1 }), root, config: {}, environment: {},
      output: (line) => console.log(line),
    });
    process.on('SIGINT', () => console.log('interrupted'));
    process.on('SIGTERM', () => void bodies.close().then(() => console.log('closed')));
    setInterval(() => undefined, 1000);
  `;
}

/** Starts it as the leader of a group of processes, as a terminal does. Resolves when its workers loop. */
export async function startLoopingServer(folder: string): Promise<LoopingServer> {
  const root = join(folder, 'site');
  mkdirSync(join(root, 'plugins'), { recursive: true });
  writeFileSync(join(root, 'plugins/loop.ts'), plugin);
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program(root)], {
    env: { ...process.env },
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const found = (): number[] => [...said.matchAll(/in the loop of (\d+)/g)].map(([, id]) => Number(id));
  await expect.poll(found, { timeout: 20_000 }).toHaveLength(2);
  return {
    process: child,
    workers: found(),
    said: () => said,
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

function stat(pid: number | string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return '';
  }
}

/** False for a process that has ended and that nobody has asked about yet, too. */
export function lives(pid: number): boolean {
  const found = stat(pid);
  return found !== '' && !/\) Z /.test(found);
}

/** Names of the processes that a process has started, as far as they live; not the compiler, which is not ours. */
export function childrenOf(pid: number): string[] {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const child = new RegExp(`\\((?!esbuild)(.*)\\) [^Z] ${pid} `);
  return ids.flatMap((id) => child.exec(stat(id))?.[1] ?? []).sort();
}
