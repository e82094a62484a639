import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const repository = fileURLToPath(new URL('../../', import.meta.url));

describe('the package, installed in an empty folder', () => {
  let base: string;
  let env: Record<string, string>;
  const bin = (): string => join(base, 'empty', 'node_modules', '.bin', 'mxcp');
  const run = (command: string, args: readonly string[], cwd: string): string =>
    execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

  beforeAll(() => {
    base = mkdtempSync(join(tmpdir(), 'mxcp-package-'));
    for (const folder of ['empty', 'home']) mkdirSync(join(base, folder));
    env = { PATH: process.env['PATH'] ?? '', HOME: join(base, 'home'), NO_COLOR: '1' };
    const packed = run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', base], repository);
    const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
    const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--cache', join(base, 'cache')];
    run('npm', ['install', ...options, join(base, filename)], join(base, 'empty'));
  }, 300_000);
  afterAll(() => rmSync(base, { recursive: true, force: true }));

  it('makes a site that is valid and passes its tests', () => {
    run(bin(), ['init', 'people', '--bootstrap', '--yes'], join(base, 'empty'));
    const site = join(base, 'empty', 'people');
    // No compiler is installed here: the types are not checked, with a warning, and all else is.
    expect(run(bin(), ['validate'], site)).toContain('2 endpoints checked');
    expect(run(bin(), ['test'], site)).toMatch(/passed/);
  });

  it('is imported by a program that embeds it', () => {
    const program = [
      "import { call, createServer, openProject, ToolError } from 'mxcp';",
      "const runtime = await openProject({ site: 'people' });",
      "const outcome = await call(runtime, { name: 'team_summary', arguments: { department: 'Sales' } });",
      'await runtime.close();',
      "console.log(outcome.released.json, typeof createServer, new ToolError('x').name);",
    ];
    writeFileSync(join(base, 'empty', 'program.mjs'), program.join('\n'));
    const printed = run(process.execPath, ['program.mjs'], join(base, 'empty'));
    expect(printed).toBe('{"department":"Sales","people":1} function ToolError\n');
  });

  it('serves it over HTTP', async () => {
    const cwd = join(base, 'empty', 'people');
    const child = spawn(bin(), ['serve', '--host', '127.0.0.1', '--port', '0'], { cwd, env });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (part: Buffer) => (said += part.toString()));
    const ended = once(child, 'close');
    const address = (): string | undefined => /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
    await expect.poll(address, { timeout: 20_000 }).toBeDefined();
    expect((await fetch(`${address() ?? ''}/readyz`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  it('serves it over stdio', async () => {
    const client = new Client({ name: 'package-test', version: '1' });
    const cwd = join(base, 'empty', 'people');
    await client.connect(
      new StdioClientTransport({
        command: bin(),
        args: ['serve', '--transport', 'stdio'],
        cwd,
        env,
        stderr: 'ignore',
      }),
    );
    const { tools } = await client.listTools();
    expect(tools.length).toBeGreaterThan(0);
    await client.close();
  });
});
