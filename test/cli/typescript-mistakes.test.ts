import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { beforeAll, describe, expect, it } from 'vitest';
import { declarationFiles } from '../../src/cli/site/declarations.js';
import { temporarySite } from './temporary-site.js';

interface Case {
  readonly slip: string;
  readonly source?: string;
  readonly file?: string;
  readonly told: string;
  readonly says?: string;
  readonly remedy?: string;
}

interface Issue {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly rule: string;
  readonly message: string;
  readonly remedy?: string;
}

const cases = parse(
  readFileSync(new URL('./cases/typescript-mistakes.yml', import.meta.url), 'utf8'),
) as readonly Case[];

const options = { strict: true, module: 'esnext', moduleResolution: 'bundler', target: 'es2023', types: [] };
const siteFile = 'mxcp: 1\nproject: p\nprofile: default\nprofiles: {default: {duckdb: {path: ":memory:"}}}\n';

function filesOf({ source, file }: Case, index: number): [string, string][] {
  const body = source ?? `  source: { file: ../typescript/tool_${index}.ts }\n`;
  const tool: [string, string] = [`tools/${index}.yml`, `tool:\n  name: tool_${index}\n${body}`];
  return file === undefined ? [tool] : [tool, [`typescript/tool_${index}.ts`, file]];
}

const declarations = declarationFiles().map(({ path, text }): [string, string] => [path, text]);

const placeOf = ({ file, line, column, rule }: Issue): string => `${file}:${line}:${column} ${rule}`;

describe('a site with the slips of newcomers to TypeScript', () => {
  let issues: readonly Issue[];
  let text: string;

  beforeAll(async () => {
    const site = temporarySite({
      'mxcp-site.yml': siteFile,
      'tsconfig.json': JSON.stringify({
        compilerOptions: { ...options, paths: { mxcp: ['./.mxcp/types/author/api.d.ts'] } },
      }),
      'sql/one.sql': 'SELECT 1 AS one\n',
      'typescript/addon.node': '',
      ...Object.fromEntries([...declarations, ...cases.flatMap(filesOf)]),
    });
    const ran = await site.mxcp(['validate', '--json']);
    ({ issues } = ran.json() as unknown as { issues: readonly Issue[] });
    text = ran.stdout.replaceAll(site.root, '');
  });

  it.each(cases.map((each, index) => ({ ...each, index })))('is told once: $slip', ({ index, ...each }) => {
    const own = issues.filter(({ file }) => new RegExp(`/(?:tool_)?${index}\\.`).test(file));
    expect(own.map(placeOf)).toEqual([each.told]);
    expect(own[0]?.message).toContain(each.says ?? '');
    expect(own[0]?.remedy ?? '').toContain(each.remedy ?? '');
  });

  it('is told without the paths of the machine', () => {
    expect(text).not.toMatch(/dist\/author|src\/author|tmp\//);
  });
});

it.each([
  ['{ "compilerOptions": { "strict": tru } }', 'tsconfig.json:1:34 typescript-does-not-compile'],
  ['{ "compilerOptions": { "strictt": true } }', 'tsconfig.json:1:1 type-error'],
])('a tsconfig.json that is wrong is all that is told: %s', async (tsconfig, told) => {
  const site = temporarySite({
    'mxcp-site.yml': siteFile,
    'tsconfig.json': tsconfig,
    'tools/t.yml': 'tool: { name: t, source: { file: ../typescript/t.ts } }\n',
    'typescript/t.ts':
      "import type { ToolContext } from 'mxcp';\nexport const t = (_: unknown, ctx: ToolContext) => ctx;\n",
  });
  const { issues } = (await site.mxcp(['validate', '--json'])).json() as unknown as { issues: Issue[] };
  expect(issues.map(placeOf)).toEqual([told]);
});
