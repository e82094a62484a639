import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSite } from './open-site.js';

const outside = mkdtempSync(join(tmpdir(), 'mxcp-outside-'));
for (const name of ['key.txt', 'key.json', 'key.js'])
  writeFileSync(join(outside, name), name === 'key.json' ? '{"key":"planted"}' : '"planted"');

afterAll(() => rmSync(outside, { recursive: true, force: true }));

function importing(path: string, attributes = ''): string {
  return `import found from ${JSON.stringify(path)}${attributes}; export const tries = () => found;`;
}

const text = ` with { type: 'text' }`;

describe('what a module imports beside code', () => {
  it.each([
    ['a text elsewhere', join(outside, 'key.txt'), ''],
    ['JSON elsewhere', join(outside, 'key.json'), ''],
    ['code elsewhere, as a text', join(outside, 'key.js'), text],
    ['the environment of the process that bundles', '/proc/self/environ', text],
    ['what a process is', '/proc/self/status', ` with { type: 'bytes' }`],
    ['a file of the site that bodies cannot read', '../mxcp-site.yml', text],
    ['a log', '../audit/logs.jsonl', text],
  ])('cannot be %s', async (_what, path, attributes) => {
    const site = await openSite({
      'typescript/tries.ts': "import { found } from 'poison'; export const tries = () => found;",
      'node_modules/poison/index.js': importing(path.replace(/^\.\.\//, '../../'), attributes).replace(
        'export const tries = () => found',
        'export { found }',
      ),
      'mxcp-site.yml': 'planted',
      'audit/logs.jsonl': 'planted',
    });
    const problems = site.bodies.problems(site.body('tries'));
    expect(JSON.stringify(problems)).toContain('is no code');
    expect(JSON.stringify(problems)).not.toContain('planted');
  });

  it.each([
    ['beside it', './rates.json', ''],
    ['below it', './more/rates.txt', ''],
    ['of a package', 'rates/rates.json', ''],
    ['in data/', '../data/rates.csv', text],
  ])('can be %s', async (_where, path, attributes) => {
    const site = await openSite({
      'typescript/tries.ts': importing(path, attributes),
      'typescript/rates.json': '"rates"',
      'typescript/more/rates.txt': 'rates',
      'node_modules/rates/rates.json': '"rates"',
      'data/rates.csv': 'rates',
    });
    expect(site.bodies.problems(site.body('tries'))).toEqual([]);
    expect(await site.run('tries')).toBe('rates');
  });
});

it.each(['PLANTED=planted words', '@planted', '{"planted": planted}', '\\planted'])(
  'what a comment calls a source map, and is none, is not quoted: %s',
  async (words) => {
    const site = await openSite({
      'typescript/tries.ts': 'export const tries = () => 1;\n//# sourceMappingURL=../.env',
      '.env': words,
    });
    const problems = site.bodies.problems(site.body('tries'));
    expect(problems).toMatchObject([
      { rule: 'typescript-does-not-compile', origin: { file: '.env', line: 1 } },
    ]);
    expect(JSON.stringify(problems)).not.toMatch(/planted/i);
  },
);

it.each([
  ['/dev/zero', '//# sourceMappingURL=/dev/zero'],
  ['beside code', "export const more = '//# sourceMappingURL=x'; //# sourceMappingURL=../../.env"],
  ['in the older form', '//@ sourceMappingURL=../../.env'],
])('what a package calls a source map is not read: %s', async (_what, comment) => {
  const site = await openSite({
    'typescript/tries.ts': "import { found } from 'poison'; export const tries = () => found;",
    'node_modules/poison/index.js': `export const found = '//# sourceMappingURL=y';\n${comment}`,
    '.env': 'no map',
  });
  expect(site.bodies.problems(site.body('tries'))).toEqual([]);
  expect(await site.run('tries')).toBe('//# sourceMappingURL=y');
});
