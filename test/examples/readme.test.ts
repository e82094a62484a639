import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { mxcp } from '../cli/run-in-process.js';

const root = new URL('../../', import.meta.url);
const readme = await readFile(new URL('README.md', root), 'utf8');

async function newHome(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mxcp-readme-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** What `npm start` prints until it serves; then the server is stopped, and its exit code is part of the answer. */
async function runDemo(home: string): Promise<{ output: string; code: number | null }> {
  const demo = fileURLToPath(new URL('examples/demo.mjs', root));
  const env = { PATH: process.env['PATH'], HOME: home, NO_COLOR: '1' };
  const child = spawn(process.execPath, [demo, '--port', '0'], { env });
  let output = '';
  const note = (chunk: Buffer): void => {
    output += chunk.toString();
    if (/http:\/\/127\.0\.0\.1:\d+\/mcp/.test(output)) child.kill('SIGTERM');
  };
  child.stdout.on('data', note);
  child.stderr.on('data', note);
  const deadline = setTimeout(() => child.kill('SIGTERM'), 40_000);
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  clearTimeout(deadline);
  return { output, code };
}

/** Words of a line: columns may be wider or narrower, and times and ids differ from run to run. */
function words(line: string): string[] {
  return line
    .split(/\s+/)
    .filter((word) => word !== '' && !/\d{2}:\d{2}/.test(word) && !/^\d{4}-/.test(word));
}

describe('the first command of the README', () => {
  let demo: { output: string; code: number | null };
  beforeAll(async () => {
    const home = await mkdtemp(join(tmpdir(), 'mxcp-demo-'));
    demo = await runDemo(home).finally(() => rm(home, { recursive: true }));
  });

  it('shows what the README shows', () => {
    const shown = /<!-- demo -->\n```text\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    const printed = demo.output.split('\n').map((line) => words(line).join(' '));
    const lines = shown.split('\n').map((line) => words(line).join(' '));
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) expect(printed).toContain(line);
  });

  it('gives three people three answers and one a denial, with the rules on record', () => {
    expect(demo.output).toMatch(/priya .*98000 .*960-36-9337/);
    expect(demo.output).toMatch(/keiko .*98000 .*\*{4}9337/);
    expect(demo.output).toMatch(/ines .*\*{4}/);
    expect(demo.output).toContain('This order belongs to another region');
    expect(demo.output).toContain('note-in-own-region');
  });

  it('fits a first screen, serves, and stops when it is told to', () => {
    expect(demo.output.split('\n').length).toBeLessThan(45);
    expect(demo.output).toMatch(/http:\/\/127\.0\.0\.1:\d+\/mcp/);
    expect(demo.code).toBe(0);
  });
});

describe('the README', () => {
  it('installs the commands only after it built them', async () => {
    const block = /## Your own site\n\n```sh\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    const [first, second] = block.split('\n').map((line) => line.split('#')[0]?.trim());
    expect([first, second]).toEqual(['npm ci && npm run build', 'npm install --global .']);
    const { scripts, bin } = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as {
      scripts: Record<string, string>;
      bin: Record<string, string>;
    };
    expect(scripts['build']).toContain('tsc');
    expect(Object.values(bin).every((file) => file.startsWith('dist/'))).toBe(true);
  });

  it('makes a site as it says', async () => {
    const home = await newHome();
    const block = /## Your own site\n\n```sh\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    const commands = block.split('\n').flatMap((line) => /^mxcp ([^#]+)/.exec(line)?.[1]?.trim() ?? []);
    expect(commands.length).toBeGreaterThan(4);
    for (const command of commands.filter((one) => !one.startsWith('serve'))) {
      const args = command.replaceAll('~', home).split(/\s+/);
      const cwd = args[0] === 'init' ? home : join(home, 'people');
      const { code, stdout, stderr } = await mxcp(args, { cwd, env: { HOME: home } });
      expect(code, `mxcp ${command}\n${stdout}${stderr}`).toBe(0);
    }
  });

  it('names every package that the program is built on, and no other', async () => {
    const manifest = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const table = readme.slice(readme.indexOf('## Built on'));
    const named = [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap((row) =>
      [...(row[1] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''),
    );
    expect(named.sort()).toEqual(Object.keys(manifest.dependencies).sort());
  });
});
