import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { selectProblems } from '../../../src/cli/problems/select-problems.js';
import type { Problem } from '../../../src/errors.js';

it('knows a file of the site by every path that leads to it', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mxcp-select-')));
  const root = join(folder, 'site');
  const file = join(root, 'tools', 'a.yml');
  mkdirSync(join(root, 'tools'), { recursive: true });
  writeFileSync(file, '');
  symlinkSync(root, join(folder, 'link'));
  const origin = { file: 'tools/a.yml', line: 1, column: 1 };
  const problem: Problem = { severity: 'error', rule: 'r', message: 'm', origin };
  const elsewhere: Problem = { ...problem, origin: { ...origin, file: 'tools/b.yml' } };
  const linked = join(root, 'mxcp-site.yml');
  symlinkSync(file, linked);
  const space = { root, cwd: folder, project: undefined, files: [file, linked] };
  for (const target of [file, 'site/tools/a.yml', 'link/tools/a.yml', join(folder, 'link', 'tools', 'a.yml')])
    expect(selectProblems([problem, elsewhere], space, [target])).toEqual([problem]);
  const ofSite: Problem = { ...problem, origin: { ...origin, file: 'mxcp-site.yml' } };
  expect(selectProblems([problem, ofSite], space, ['site/mxcp-site.yml'])).toEqual([ofSite]);
  expect(() => selectProblems([problem], space, ['link/tools/missing.yml'])).toThrow('no file of this site');
});
