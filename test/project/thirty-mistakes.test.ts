import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { ConfigInvalidError } from '../../src/errors.js';
import { loadProject } from '../../src/project/load.js';
import { place, read } from './site.js';

interface Expected {
  readonly at: string;
  readonly says: string;
  readonly remedy?: string;
}

const site = fileURLToPath(new URL('../fixtures/thirty-mistakes', import.meta.url));
const cases = readFileSync(new URL('./cases/thirty-mistakes.yml', import.meta.url), 'utf8');
const expected = parse(cases) as readonly Expected[];

describe('a site with more than thirty mistakes in ten files', () => {
  it('gets every one of them in one run, located and sorted', async () => {
    const { problems } = await read(site);
    expect(problems.map(place)).toEqual(expected.map(({ at }) => at));
    expect(expected.length).toBeGreaterThanOrEqual(30);
    expect(new Set(problems.map(({ origin }) => origin.file)).size).toBe(10);
  });

  it.each(expected)('$at says what is wrong and what to do', async ({ at, says, remedy }) => {
    const { problems } = await read(site);
    const [found] = problems.filter((problem) => place(problem) === at && problem.message.includes(says));
    expect(found?.message).toContain(says);
    if (remedy !== undefined) expect(found?.remedy).toContain(remedy);
  });

  it('shows the line with a caret under the column', async () => {
    const { problems } = await read(site);
    for (const { excerpt, origin } of problems) {
      if (excerpt === undefined) continue;
      const [line = '', caret = ''] = excerpt.split('\n');
      const written = readFileSync(`${site}/${origin.file}`, 'utf8').split('\n')[origin.line - 1];
      expect(line).toBe(written);
      expect(caret).toBe(`${' '.repeat(origin.column - 1)}^`);
    }
  });

  it('does not load, not even without its broken endpoints, because the site file is wrong too', async () => {
    const options = { cwd: site, env: { HOME: '/nonexistent' } };
    await expect(loadProject(options)).rejects.toThrow(ConfigInvalidError);
    await expect(loadProject({ ...options, ignoreErrors: true })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });
});
