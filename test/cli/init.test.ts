import {
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  mkdirSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { mxcp } from './run-in-process.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mxcp-init-'));
});

function read(...path: string[]): string {
  return readFileSync(join(folder, ...path), 'utf8');
}

describe('mxcp init', () => {
  it('makes a site with folders, .gitignore, editor schemas and strict fields', async () => {
    const { code, stdout } = await mxcp(['init', 'shop'], { cwd: folder });
    expect(code).toBe(0);
    expect(stdout).toContain('mxcp-site.yml');
    expect(stdout).toContain('Next, in that folder: mxcp validate');
    expect(readdirSync(join(folder, 'shop')).sort()).toEqual(
      [
        '.gitignore',
        '.mxcp',
        'data',
        'mxcp-site.yml',
        'prompts',
        'resources',
        'sql',
        'tests',
        'tools',
      ].sort(),
    );
    const site = read('shop', 'mxcp-site.yml');
    expect(site).toMatch(/^# yaml-language-server: \$schema=\.mxcp\/schemas\/site\.schema\.json\n/);
    expect(site).toContain('project: shop\nprofile: default\n');
    expect(site).toContain('strict_fields: true');
    expect(JSON.parse(read('shop', '.mxcp', 'schemas', 'site.schema.json'))).toMatchObject({
      title: 'mxcp-site.yml',
    });
  });

  it('makes a site that loads without a problem, whatever the names', async () => {
    const names = ['--project', 'yes', '--profile', 'my "staging": #1'];
    await mxcp(['init', 'x', ...names], { cwd: folder });
    const { code, json } = await mxcp(['config', '--json', '--site', 'x'], { cwd: folder });
    expect(code).toBe(0);
    expect(json()).toMatchObject({ result: { project: 'yes', profile: 'my "staging": #1', issues: [] } });
  });

  it('never overwrites: files that are there are kept, also broken links', async () => {
    writeFileSync(join(folder, '.gitignore'), 'mine\n');
    mkdirSync(join(folder, 'sql'));
    symlinkSync('/nowhere/at/all', join(folder, 'sql', 'people.sql'));
    const { code, json } = await mxcp(['init', '--bootstrap', '--json'], { cwd: folder });
    expect(code).toBe(0);
    expect(json()).toMatchObject({ result: { kept: ['sql/people.sql'], extended: ['.gitignore'] } });
  });

  it('adds to a .gitignore what it lacks, once, and follows no link', async () => {
    const mine = ['mine', '.env', '*.duckdb'].join('\r\n');
    writeFileSync(join(folder, '.gitignore'), mine);
    await mxcp(['init'], { cwd: folder });
    const extended = read('.gitignore');
    expect(extended.startsWith(`${mine}\n`)).toBe(true);
    const lines = extended.split(/\r?\n/);
    for (const line of ['.env', '*.duckdb', 'audit/', '*.duckdb.wal'])
      expect(lines.filter((each) => each === line)).toEqual([line]);
    mkdirSync(join(folder, 'linked'));
    rmSync(join(folder, 'mxcp-site.yml'));
    writeFileSync(join(folder, 'elsewhere'), 'x\n');
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'linked', '.gitignore'));
    const { json } = await mxcp(['init', 'linked', '--json'], { cwd: folder });
    expect(json()).toMatchObject({ result: { kept: ['.gitignore'], extended: [] } });
    expect(read('elsewhere')).toBe('x\n');
  });

  it('refuses to make a site in a site', async () => {
    await mxcp(['init'], { cwd: folder });
    const { code, stderr } = await mxcp(['init', 'tools/inner'], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toContain(`${folder} is a site already`);
  });

  it('asks for names on a terminal, and takes the folder and default for empty answers', async () => {
    const options = { cwd: folder, terminal: true, stdin: 'books\n\n', env: { NO_COLOR: '1' } };
    const { stderr } = await mxcp(['init', 'shop'], options);
    expect(stderr).toContain('Name of the project (shop): ');
    expect(read('shop', 'mxcp-site.yml')).toContain('project: books\nprofile: default\n');
  });

  it('asks nothing with --yes', async () => {
    const { stderr } = await mxcp(['init', '--yes'], { cwd: folder, terminal: true, stdin: 'books\n' });
    expect(stderr).toBe('');
  });

  it('prints configurations for Claude Desktop, VS Code and Cursor with --bootstrap', async () => {
    const { stdout } = await mxcp(['init', 'shop', '--bootstrap'], { cwd: folder });
    for (const client of ['Claude Desktop', 'VS Code', 'Cursor']) expect(stdout).toContain(`${client}: `);
    const { json } = await mxcp(['init', 'shop2', '--bootstrap', '--json'], { cwd: folder });
    const args = ['/opt/mxcp/launch.cjs', 'serve', '--transport', 'stdio', '--site', join(folder, 'shop2')];
    expect(json()).toMatchObject({
      result: {
        clients: [
          { config: { mcpServers: { shop2: { command: 'node', args } } } },
          { config: { servers: { shop2: { type: 'stdio', command: 'node', args } } } },
          { config: { mcpServers: { shop2: { command: 'node', args } } } },
        ],
      },
    });
  });
});
