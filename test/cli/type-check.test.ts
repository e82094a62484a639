import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEditor } from '../author/type-check.js';
import { bootstrappedSite, temporarySite, type TemporarySite } from './temporary-site.js';

const body = 'typescript/team_summary.ts';

function change(site: TemporarySite, file: string, from: string, to: string): void {
  const path = join(site.root, file);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

/** What an editor offers after a text that stands once in the body. */
function completions(site: TemporarySite, before: string): readonly string[] {
  const path = join(site.root, body);
  const text = readFileSync(path, 'utf8');
  const offset = text.indexOf(before) + before.length;
  const offered = openEditor(site.root).getCompletionsAtPosition(path, offset, {});
  return (offered?.entries ?? []).map(({ name }) => name);
}

interface Issue {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

async function issues(site: TemporarySite): Promise<readonly string[]> {
  const { json } = await site.mxcp(['validate', '--json']);
  const { issues = [], result } = json() as { issues?: Issue[]; result?: { issues: Issue[] } };
  return [...issues, ...(result?.issues ?? [])].map(
    ({ file, line, column, rule }) => `${file}:${line}:${column} ${rule}`,
  );
}

describe('the TypeScript tool of mxcp init --bootstrap', () => {
  it('is completed by a language server: arguments, context and result', async () => {
    const site = await bootstrappedSite();
    expect(openEditor(site.root).getSemanticDiagnostics(join(site.root, body))).toEqual([]);
    change(site, body, '{ department } = args;', '{ department } = args;\n  args.;\n  ctx.;');
    expect(completions(site, '  args.')).toEqual(['department']);
    expect(completions(site, '  ctx.')).toEqual(
      expect.arrayContaining(
        [
          'db',
          'user',
          'request',
          'config',
          'secrets',
          'plugins',
          'log',
          'progress',
          'signal',
          'fetch',
        ].concat(['elicit', 'content', 'audit', 'endpoints']),
      ),
    );
    change(site, body, 'return { department', 'return { };\n  return { department');
    expect(completions(site, 'return { ')).toEqual(
      expect.arrayContaining(['department', 'people', 'average_salary']),
    );
  });

  it('is type-checked by mxcp validate, with the line and column of the author', async () => {
    const site = await bootstrappedSite();
    expect(await issues(site)).toEqual([]);
    change(site, body, 'people: people.length', "people: 'many'");
    const lines = readFileSync(join(site.root, body), 'utf8').split('\n');
    const line = lines.findIndex((text) => text.includes("'many'"));
    const column = lines[line]!.indexOf("people: 'many'");
    const { code, stderr } = await site.mxcp(['validate']);
    expect(code).toBe(3);
    expect(stderr).toContain(
      `${body}:${line + 1}:${column + 1} error Type '"many"' is not assignable to type`,
    );
    expect(stderr).toContain(lines[line]);
  });

  it('is checked against the endpoint file as it is, not as it was when the types were written', async () => {
    const site = await bootstrappedSite();
    change(
      site,
      'tools/team_summary.yml',
      'average_salary: { type: number',
      'average_salary: { type: string',
    );
    const found = await issues(site);
    expect(found).toContain('typescript/types.gen.ts:1:1 types-out-of-date');
    expect(found.filter((each) => each.startsWith(body))).toEqual([`${body}:13:47 type-error`]);
  });
});

describe('mxcp validate of TypeScript', () => {
  it('says how to declare `mxcp` where nothing does', async () => {
    const site = await bootstrappedSite();
    change(site, 'tsconfig.json', '"mxcp":', '"other":');
    const { code, stderr } = await site.mxcp(['validate']);
    expect(code).toBe(3);
    expect(stderr).toMatch(/Cannot find module 'mxcp'[^]*Run mxcp types, and let "paths" of tsconfig/);
  });

  it('locates a type error of inline code in the YAML file', async () => {
    const site = temporarySite({
      'mxcp-site.yml':
        'mxcp: 1\nproject: p\nprofile: default\nprofiles: {default: {duckdb: {path: ":memory:"}}}\n',
      'tsconfig.json':
        '{"compilerOptions": {"strict": true, "module": "esnext", "target": "es2023", "types": []}}\n',
      'tools/t.yml': [
        'mxcp: 1',
        'tool:',
        '  name: t',
        '  language: typescript',
        '  source:',
        '    code: |',
        '      const twice = (n: number): number => n * 2;',
        "      export const t = () => twice('2');",
        '',
      ].join('\n'),
    });
    expect(await issues(site)).toEqual(['tools/t.yml:8:36 type-error']);
  });

  it.each([
    [
      'has no programming interface',
      "exports.version = '7.0.2';",
      'typescript 7.0.2 has no programming interface',
    ],
    ['is nothing', 'module.exports = null;', 'typescript (this version) has no programming interface'],
    [
      'is half installed',
      "require('./lib/missing.js');",
      'the package typescript of the site fails while it is loaded',
    ],
  ])('says how to install the compiler when it %s', async (_what, code, why) => {
    const site = await bootstrappedSite();
    const folder = join(site.root, 'node_modules', 'typescript');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"name": "typescript", "main": "index.js"}');
    writeFileSync(join(folder, 'index.js'), code);
    const validated = await site.mxcp(['validate']);
    expect(validated.code).toBe(0);
    expect(validated.stderr).toContain(why);
    expect(validated.stderr).toContain('npm install --save-dev typescript@6');
  });
});
