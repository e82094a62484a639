import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { newFolder, newSite, place, read } from './site.js';

interface Case {
  readonly shows: string;
  readonly file: string;
  readonly warnings?: readonly string[];
  readonly errors?: readonly string[];
}

function cases(name: string): readonly Case[] {
  return parse(readFileSync(new URL(`./cases/${name}.yml`, import.meta.url), 'utf8')) as readonly Case[];
}

describe('an endpoint file', () => {
  it.each(cases('accepted'))('loads: $shows', async ({ file, warnings = [] }) => {
    const { problems } = await read(await newSite({ 'tools/t.yml': file }));
    expect(problems.map(({ severity, rule }) => `${severity} ${rule}`)).toEqual(
      warnings.map((rule) => `warning ${rule}`),
    );
  });

  it.each(cases('refused'))('does not load: $shows', async ({ file, errors = [] }) => {
    const { problems, project, siteErrors } = await read(await newSite({ 'tools/t.yml': file }));
    const found = problems.filter(({ severity }) => severity === 'error').map((problem) => place(problem));
    expect(found).toEqual(errors.map((each) => `tools/t.yml:${each}`));
    expect(siteErrors).toEqual([]);
    expect(project?.endpoints).toEqual([]);
    expect(project?.broken.map((broken) => broken.file)).toEqual(['tools/t.yml']);
  });

  it('becomes an endpoint with everything that it says', async () => {
    const folder = await newSite({
      'tools/deep/er/t.yaml': [
        'tool:',
        '  name: t',
        '  annotations: {title: T, readOnlyHint: true}',
        '  parameters:',
        '    - {name: a, type: integer, default: null, minimum: 0}',
        '    - {name: constructor, type: object, properties: {__proto__: {type: string}}}',
        '  return: {type: array, items: {type: object, properties: {x: {type: string, sensitive: true, mask: {constant: 0}}}}}',
        '  source: {file: ../../../sql/t.sql}',
        '  limits: {timeout: 500ms, max_bytes: 1KiB}',
        '',
      ].join('\n'),
      'sql/t.sql': '\uFEFFSELECT 1',
    });
    const { project, problems } = await read(folder);
    expect(problems).toEqual([]);
    const [tool] = project?.endpoints ?? [];
    expect(tool).toMatchObject({
      kind: 'tool',
      name: 't',
      title: 'T',
      annotations: { title: 'T', readOnlyHint: true },
      origin: { file: 'tools/deep/er/t.yaml', line: 1, column: 1 },
      body: {
        language: 'sql',
        source: { text: 'SELECT 1', origin: { file: 'sql/t.sql', line: 1, column: 1 } },
      },
      limits: { timeoutMs: 500, maxBytes: 1024, maxRows: 10_000, maxScanRows: 1_000_000, onLimit: 'error' },
      parameters: [
        { name: 'a', node: { type: 'integer', default: null, minimum: 0 } },
        { name: 'constructor', node: { properties: [{ name: '__proto__', node: { type: 'string' } }] } },
      ],
    });
    expect(Object.isFrozen(tool)).toBe(true);
    expect(Object.isFrozen(project?.endpoints)).toBe(true);
  });

  it('has a TypeScript body in a file or inline, whose export is called as the endpoint, or as the file', async () => {
    const folder = await newSite({
      'tools/t.yml': 'tool: {name: t, source: {file: ../typescript/some.mts}}\n',
      'tools/u.yml':
        'tool:\n  name: u\n  language: typescript\n  source:\n    code: |\n      export default 1\n',
      'resources/r.yml': 'resource: {uri: "r://a", source: {file: ../typescript/some.mts}}\n',
      'resources/s.yml': 'resource: {uri: "s://a", name: named, source: {file: ../typescript/some.mts}}\n',
      'prompts/p.yml': 'prompt: {name: p, source: {file: ../typescript/some.mts}}\n',
      'typescript/some.mts': 'export const t = () => 1;\n',
    });
    const { project, problems } = await read(folder);
    expect(problems).toEqual([]);
    const file = join(folder, 'typescript', 'some.mts');
    const bodies = project?.endpoints.map(({ name, body }) => [name, body]);
    const written = (exportName: string): object => ({
      language: 'typescript',
      source: {
        text: 'export const t = () => 1;\n',
        origin: { file: 'typescript/some.mts', line: 1, column: 1 },
      },
      file,
      exportNames: [exportName],
    });
    expect(Object.fromEntries(bodies ?? [])).toMatchObject({
      t: written('t'),
      u: {
        source: { origin: { line: 6, column: 7 } },
        file: join(folder, 'tools', 'u.yml'),
        exportNames: ['u'],
      },
      'r://a': written('some'),
      's://a': written('named'),
      p: written('p'),
    });
  });

  it('cannot use a body outside of the site, not even through a link', async () => {
    const outside = await newFolder();
    await writeFile(join(outside, 'secret.sql'), 'SELECT 1');
    const folder = await newSite({
      'tools/a.yml': 'tool: {name: a, source: {file: ../sql/link.sql}}\n',
      'tools/b.yml': `tool: {name: b, source: {file: ../../${outside.split('/').at(-1) ?? ''}/secret.sql}}\n`,
      'tools/c.yml': 'tool: {name: c, source: {file: ../sql/folder/secret.sql}}\n',
      'sql/x.sql': 'SELECT 1',
    });
    await symlink(join(outside, 'secret.sql'), join(folder, 'sql/link.sql'));
    await symlink(outside, join(folder, 'sql/folder'));
    const { problems } = await read(folder);
    expect(problems.map(place)).toEqual(['a', 'b', 'c'].map((name) => `tools/${name}.yml:1:32 path-outside`));
  });

  it('is not looked for outside of the site: a folder that links there is an error', async () => {
    const outside = await newFolder();
    await writeFile(join(outside, 't.yml'), 'tool: {name: t, source: {code: SELECT 1}}\n');
    const folder = await newSite();
    await mkdir(join(folder, 'tools'));
    await symlink(outside, join(folder, 'tools/shared'));
    const { problems, project } = await read(folder);
    expect(problems.map(place)).toEqual(['tools/shared:1:1 path-outside']);
    expect(project?.endpoints).toEqual([]);
  });

  it('behind a link that leads nowhere is an error, and so is a folder', async () => {
    const folder = await newSite({ 'tools/.hidden': '' });
    await symlink('nowhere.yml', join(folder, 'tools/gone.yml'));
    await symlink('nowhere', join(folder, 'prompts'));
    const { problems } = await read(folder);
    expect(problems.map(place)).toEqual(['prompts:1:1 missing-file', 'tools/gone.yml:1:1 missing-file']);
    expect(problems.map(({ message }) => message)).toEqual(new Array(2).fill('This link leads nowhere'));
  });

  it('may be reached by links inside of the site, and then counts once', async () => {
    const folder = await newSite({ 'tools/a/t.yml': 'tool: {name: t, source: {code: SELECT 1}}\n' });
    await symlink(join(folder, 'tools/a'), join(folder, 'tools/b'));
    await symlink(join(folder, 'tools'), join(folder, 'tools/a/loop'));
    const { problems, project } = await read(folder);
    expect(problems).toEqual([]);
    expect(project?.endpoints).toHaveLength(1);
  });

  it('with a name that is taken is refused, and the error names every file', async () => {
    const tool = 'tool: {name: t, source: {code: SELECT 1}}\n';
    const { problems, project } = await read(
      await newSite({ 'tools/a.yml': tool, 'tools/b.yml': tool, 'resources/c.yml': tool }),
    );
    expect(problems.map(place)).toEqual(
      ['resources/c.yml', 'tools/a.yml', 'tools/b.yml'].map((file) => `${file}:1:14 duplicate-name`),
    );
    for (const { message } of problems) {
      for (const file of ['tools/a.yml', 'tools/b.yml', 'resources/c.yml']) expect(message).toContain(file);
    }
    expect(project?.endpoints).toEqual([]);
  });

  it('with a URI template that matches the same URIs as another is refused', async () => {
    const resource = (name: string): string =>
      `resource: {uri: "user://{${name}}", parameters: [{name: ${name}, type: string}], source: {code: SELECT $${name}}}\n`;
    const { problems } = await read(
      await newSite({ 'resources/a.yml': resource('id'), 'resources/b.yml': resource('name') }),
    );
    expect(problems.map(({ rule }) => rule)).toEqual(['duplicate-name', 'duplicate-name']);
  });

  it('that is not UTF-8 is a problem and not a crash', async () => {
    const folder = await newSite();
    await mkdir(join(folder, 'tools'));
    await writeFile(join(folder, 'tools/t.yml'), Buffer.from([0x74, 0xff, 0xfe]));
    const { problems } = await read(folder);
    expect(problems.map(place)).toEqual(['tools/t.yml:1:1 unreadable-file']);
  });
});

describe('a file of tests', () => {
  const tool = 'tool: {name: t, source: {code: SELECT 1}, tests: [{name: own}]}\n';

  it('adds its tests to the endpoint that it names', async () => {
    const more =
      'tool:\n  name: t\n  tests:\n    - {name: more, user_context: {role: hr, department: x}, result: null}\n';
    const { problems, project } = await read(await newSite({ 'tools/t.yml': tool, 'tests/more.yml': more }));
    expect(problems).toEqual([]);
    expect(project?.endpoints[0]?.tests).toMatchObject([
      { name: 'own' },
      {
        name: 'more',
        userContext: { role: 'hr', claims: { department: 'x' } },
        assertions: { result: null },
      },
    ]);
  });

  it('of an endpoint that does not exist is an error with a suggestion', async () => {
    const { problems } = await read(
      await newSite({
        'tools/t.yml': tool.replace('name: t', 'name: orders'),
        'tests/a.yml': 'tool: {name: order, tests: []}\n',
      }),
    );
    expect(problems.map(place)).toEqual(['tests/a.yml:1:14 unknown-endpoint']);
    expect(problems[0]?.remedy).toContain('"orders"');
  });

  it("of something else, like dbt's, is skipped", async () => {
    const { problems } = await read(await newSite({ 'tests/schema.yml': 'version: 2\nmodels: []\n' }));
    expect(problems.map(({ severity, rule }) => `${severity} ${rule}`)).toEqual(['warning skipped-file']);
  });
});
