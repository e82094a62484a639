import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { catalog } from '../../src/cli/catalog.js';
import { environmentTwins } from '../../src/project/overrides.js';
import { mxcp } from '../cli/run-in-process.js';

const page = await readFile(new URL('../../docs/cli.md', import.meta.url), 'utf8');

/** The rows of the table of commands: for each, the commands that it is about. */
const rows = page
  .slice(page.indexOf('| Command | Does |'), page.indexOf('Everywhere:'))
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => (line.split(' | ')[0] ?? '').replaceAll('\\|', '|'));

describe('docs/cli.md', () => {
  it.each(catalog.map(({ name }) => name))('names the command %s', (name) => {
    expect(rows.some((row) => row.includes(`\`${name} `) || row.includes(`\`${name}\``))).toBe(true);
  });

  it.each(rows)('says only what the help says: %s', async (row) => {
    const commands = [...row.matchAll(/`([a-z-]+)/g)].map((match) => match[1] ?? '');
    const helps = await Promise.all(commands.map((command) => mxcp([command, '--help'])));
    for (const { code, stderr } of helps) expect(code, stderr).toBe(0);
    const help = helps.map(({ stdout }) => stdout).join('\n');
    for (const option of row.match(/--[a-z-]+/g) ?? []) expect(help).toContain(option);
  });

  it('names the options that all commands have', async () => {
    const { stdout } = await mxcp(['--help']);
    const everywhere = /^Everywhere: (.+)$/m.exec(page)?.[1] ?? '';
    const options = everywhere.match(/--[a-z-]+/g) ?? [];
    expect(options.length).toBeGreaterThan(6);
    for (const option of options) expect(stdout).toContain(option);
  });
});

describe('docs/site.md', () => {
  it('names every variable of the environment that is read', async () => {
    const site = await readFile(new URL('../../docs/site.md', import.meta.url), 'utf8');
    const read = Object.entries(environmentTwins).filter(([, twin]) => !twin.startsWith('nothing'));
    expect(read.length).toBeGreaterThan(10);
    for (const [name, twin] of read) expect(site).toContain(`| \`${name}\` | \`${twin}\` |`);
  });
});
