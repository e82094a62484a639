import { availableParallelism } from 'node:os';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { minimalSite, newSite, place, read } from './site.js';

const most = 4 * availableParallelism() + 8;

describe('bodies', () => {
  it('run in four processes of 256 MiB without environment unless somebody says otherwise', async () => {
    const folder = await newSite();
    expect((await read(folder)).project?.bodies).toEqual({
      isolation: 'process',
      reuse: 'caller',
      workers: 4,
      queue: 64,
      memoryBytes: 256 * 1024 * 1024,
      env: [],
      typescriptFolder: join(folder, 'typescript'),
      pluginsFolder: join(folder, 'plugins'),
    });
  });

  it('of a profile win over those of the site key by key', async () => {
    const site = `${minimalSite}paths: {typescript: src, plugins: more}
bodies: {isolation: thread, reuse: never, workers: 3, env: [TZ], memory: 1GiB}
profiles: {default: {bodies: {workers: 2, queue: 0, env: [LANG, API_URL]}}}
`;
    const folder = await newSite({ 'mxcp-site.yml': site });
    const { project, problems } = await read(folder);
    expect(problems).toEqual([]);
    expect(project?.bodies).toEqual({
      isolation: 'thread',
      reuse: 'never',
      workers: 2,
      queue: 0,
      memoryBytes: 1024 ** 3,
      env: ['LANG', 'API_URL'],
      typescriptFolder: join(folder, 'src'),
      pluginsFolder: join(folder, 'more'),
    });
  });

  it('take their number from limits.workers too', async () => {
    const folder = await newSite({ 'mxcp-site.yml': `${minimalSite}limits: {workers: ${most}}\n` });
    expect((await read(folder)).project?.bodies.workers).toBe(most);
  });

  it.each([
    ['bodies: {workers: 1}', '4:19 wrong-value'],
    [`bodies: {workers: ${most + 1}}`, '4:19 wrong-value'],
    ['bodies: {isolation: none}', '4:21 wrong-value'],
    ['bodies: {reuse: always}', '4:17 wrong-value'],
    ['bodies: {memory: 1MiB}', '4:18 wrong-value'],
    ['bodies: {env: [MXCP_SECRET_KEY]}', '4:16 wrong-value'],
    ['bodies: {env: ["A=B"]}', '4:16 wrong-value'],
    ['bodies: {worker: 3}', '4:10 unknown-key'],
    ['paths: {typescript: ../src}', '4:21 path-outside'],
    ['paths: {plugins: ../src}', '4:18 path-outside'],
  ])('with `%s` are refused', async (text, wanted) => {
    const { problems } = await read(await newSite({ 'mxcp-site.yml': `${minimalSite}${text}\n` }));
    expect(problems.map(place)).toEqual([`mxcp-site.yml:${wanted}`]);
  });
});

describe('plugins', () => {
  const config = [
    'projects:',
    '  shop:',
    '    profiles:',
    '      default:',
    '        plugin:',
    '          config:',
    '            rates: {url: "${RATES_URL}", key: file://key.txt}',
    '            unused: {url: "${NEVER_SET}"}',
    '',
  ].join('\n');

  it('are modules of their folder, with settings of the site or of the user config', async () => {
    const site = `${minimalSite}plugin:
  - {name: geo, module: geo}
  - {name: text, module: nested/text.js, config: {lang: en}}
  - {name: rates, module: rates.ts, config: rates}
`;
    const folder = await newSite({
      'mxcp-site.yml': site,
      'plugins/geo.ts': '',
      'plugins/nested/text.js': '',
      'plugins/rates.ts': '',
      'c.yml': config,
      'key.txt': 'hunter2\n',
    });
    const { project, problems } = await read(folder, { config: 'c.yml', env: { RATES_URL: 'https://x' } });
    expect(problems).toEqual([]);
    expect(
      project?.plugins.map(({ name, module, config: given }) => [name, module, { ...(given as object) }]),
    ).toEqual([
      ['geo', join(folder, 'plugins/geo.ts'), {}],
      ['text', join(folder, 'plugins/nested/text.js'), { lang: 'en' }],
      ['rates', join(folder, 'plugins/rates.ts'), { url: 'https://x', key: 'hunter2' }],
    ]);
    expect(JSON.stringify(project?.settings)).not.toContain('hunter2');
  });

  it.each([
    ['{name: a, module: nowhere}', ['4:28 missing-file']],
    ['{name: a, module: ../tools/x}', ['4:28 path-outside']],
    ['{name: a, module: link}', ['4:28 path-outside']],
    ['{name: a b, module: x}', ['4:17 wrong-value']],
    ['{name: a}', ['4:10 missing-key']],
    ['[{name: a, module: x}, {name: a, module: x}]', ['4:40 duplicate-name']],
    ['{name: a, module: x, config: rats}', ['4:39 missing-plugin-config']],
  ])('like %s do not load', async (text, wanted) => {
    const folder = await newSite({
      'mxcp-site.yml': `${minimalSite}plugin: ${text}\n`,
      'plugins/x.mjs': '',
      'tools/x.ts': '',
      'c.yml': config,
    });
    await symlink(join(folder, 'tools/x.ts'), join(folder, 'plugins/link.ts'));
    const { problems } = await read(folder, { config: 'c.yml' });
    expect(problems.map(place).map((each) => each.replace(/:\d+ /, ' '))).toEqual(
      wanted.map((each) => `mxcp-site.yml:${each}`.replace(/:\d+ /, ' ')),
    );
  });
});

describe('the digest of a project', () => {
  it('reads nothing outside of the site, wherever `paths` points', async () => {
    const site = `${minimalSite}paths: {typescript: ../../b, plugins: ../../b}\n`;
    const folder = await newSite({ 'a/c/mxcp-site.yml': site, 'b/x.ts': 'export const x = 1;' });
    const before = await read(join(folder, 'a/c'));
    await writeFile(join(folder, 'b/x.ts'), 'export const x = 2;');
    expect((await read(join(folder, 'a/c'))).project?.digest).toBe(before.project?.digest);
  });

  it('changes with a body, with what it imports, and with a plugin', async () => {
    const folder = await newSite({
      'tools/a.yml': 'tool: {name: a, source: {file: ../typescript/a.ts}}\n',
      'prompts/p.yml': 'prompt: {name: p, language: typescript, source: {file: ../bodies/p.ts}}\n',
      'typescript/a.ts': 'export const a = 1;',
      'typescript/lib/b.ts': 'export const b = 1;',
      'plugins/c.ts': 'export const c = 1;',
      'bodies/p.ts': 'export const p = 1;',
    });
    const seen = new Set<string | undefined>();
    const digest = async (): Promise<void> => {
      const { project, problems } = await read(folder);
      expect(problems).toEqual([]);
      seen.add(project?.digest);
    };
    await digest();
    await digest();
    expect(seen.size).toBe(1);
    for (const path of ['typescript/a.ts', 'typescript/lib/b.ts', 'plugins/c.ts', 'bodies/p.ts']) {
      await writeFile(join(folder, path), 'export const changed = 2;');
      await digest();
    }
    expect(seen.size).toBe(5);
  });
});
