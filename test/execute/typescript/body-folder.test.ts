import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeBodyFolder } from '../../../src/execute/typescript/body-folder.js';

const base = mkdtempSync(join(tmpdir(), 'mxcp-sweep-'));
const before = process.env['TMPDIR'];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(base, 't-'));
  process.env['TMPDIR'] = folder;
});

afterEach(() => {
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
});

afterAll(() => rmSync(base, { recursive: true, force: true }));

/** A server whose only body runs for ever, killed while it does. Resolves with the id of the worker that is left. */
async function killedServer(): Promise<number> {
  mkdirSync(join(folder, 'site/typescript'), { recursive: true });
  writeFileSync(
    join(folder, 'site/typescript/loop.ts'),
    'export default () => { console.log("in the loop of", process.pid); for (;;); };\n',
  );
  const program = `
    import { openBodies } from ${JSON.stringify(join(import.meta.dirname, '../../../src/execute/typescript/open-bodies.ts'))};
    import { bodyFile, bodySettings, quietHost } from ${JSON.stringify(join(import.meta.dirname, 'bodies.ts'))};
    const root = ${JSON.stringify(join(folder, 'site'))};
    const body = bodyFile(root, 'typescript/loop.ts', []);
    const bodies = await openBodies({
      plugins: [],
      host: quietHost,
      bodies: [body], settings: bodySettings(root, { workers: 1 }), root, config: {}, environment: {},
      output: (line) => console.log(line),
    });
    const signal = new AbortController().signal;
    const loan = await bodies.lend(signal);
    const facts = { user: {}, request: {}, traceId: null, maxBytes: 1000, cut: false };
    await loan.worker.run({ module: bodies.moduleOf(body), args: {}, facts, host: quietHost, signal });
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    env: { ...process.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await expect.poll(() => said, { timeout: 20_000 }).toMatch(/in the loop of \d+/);
  child.kill('SIGKILL');
  await once(child, 'exit');
  return Number(/in the loop of (\d+)/.exec(said)?.[1]);
}

/** False for one that has ended and that nobody has asked about yet, too. */
function lives(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

const left = (): string[] => readdirSync(folder).filter((name) => name.startsWith('mxcp-bodies-'));

describe('the folder of a server that was killed', () => {
  it('is removed by the next start, and the worker that was left in a loop is ended', async () => {
    const worker = await killedServer();
    expect(left()).toHaveLength(1);
    expect(lives(worker)).toBe(true);
    const own = await makeBodyFolder();
    expect(left().map((name) => join(folder, name))).toEqual([own.path]);
    await expect.poll(() => lives(worker)).toBe(false);
    await own.remove();
    expect(left()).toEqual([]);
  });

  it('is not one that is in use, that others may write to, or of which nobody says whose it is', async () => {
    const used = await makeBodyFolder();
    const shared = join(folder, 'mxcp-bodies-shared');
    mkdirSync(shared);
    const gone = createServer().listen(join(shared, 'owner'));
    await once(gone, 'listening');
    chmodSync(shared, 0o777);
    mkdirSync(join(folder, 'mxcp-bodies-unsigned'), { mode: 0o700 });
    const own = await makeBodyFolder();
    expect(left()).toHaveLength(4);
    gone.close();
    await used.remove();
    await own.remove();
    expect(left().sort()).toEqual(['mxcp-bodies-shared', 'mxcp-bodies-unsigned']);
  });
});
