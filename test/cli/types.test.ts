import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { declarationFiles } from '../../src/cli/site/declarations.js';
import { problemsOf } from '../author/type-check.js';
import { temporarySite, type TemporarySite } from './temporary-site.js';

const site = 'mxcp: 1\nproject: p\nprofile: default\n';

const tool = (name: string, more = ''): string =>
  `mxcp: 1\ntool:\n  name: ${name}\n  description: Adds */ up.\n  source: { code: SELECT 1 }\n${more}`;

function generated({ root }: TemporarySite): string {
  return readFileSync(join(root, 'typescript', 'types.gen.ts'), 'utf8');
}

describe('mxcp types', () => {
  it('writes the types of arguments and results of every endpoint, and again the same', async () => {
    const one = temporarySite({
      'mxcp-site.yml': site,
      'tools/churn.yml': tool(
        'churn_risk',
        [
          '  parameters:',
          '    - { name: customer, type: integer }',
          '    - { name: year, type: integer, minimum: 2000, maximum: 2100, default: 2025 }',
          '    - { name: since, type: string, format: date, default: null }',
          '    - { name: kinds, type: array, items: { type: string, enum: [a, b] } }',
          '    - name: filter',
          '      type: object',
          '      required: [a]',
          '      properties: { a: { type: string }, "odd-name": { type: string }, b: { type: number, default: 1 }, c: { type: boolean } }',
          '  return:',
          '    type: object',
          '    required: [id, at]',
          '    properties:',
          '      id: { type: integer, nullable: false }',
          '      at: { type: string, format: date-time, nullable: false, description: When }',
          '      parts: { type: array, items: { type: number, maximum: 9, nullable: false } }',
          '      free: { type: object }',
          '',
        ].join('\n'),
      ),
      'prompts/ask.yml': 'prompt: { name: ask, messages: [{ prompt: hi }] }\n',
      'resources/r.yml':
        'resource: { uri: "churn://{id}", parameters: [{ name: id, type: string }], source: { code: SELECT $id } }\n',
    });
    expect((await one.mxcp(['types'])).stdout).toBe(
      'typescript/types.gen.ts written: types of 3 endpoints\n',
    );
    const text = generated(one);
    expect(text).toContain(`/** Arguments of the tool churn_risk: Adds *\\/ up. */
export type ChurnRiskArgs = {
  readonly customer: number | \`\${bigint}\`;
  readonly year: number;
  readonly since: string | null;
  readonly kinds: readonly ("a" | "b")[];
  readonly filter: {
    readonly a: string;
    readonly "odd-name"?: string;
    readonly b: number;
    readonly c?: boolean;
  };
};

/** What the tool churn_risk returns. */
export type ChurnRiskResult = {
  readonly id: number | bigint | \`\${bigint}\`;
  /** When */
  readonly at: string | Date;
  readonly parts?: readonly number[] | null | undefined;
  readonly free?: object | null | undefined;
};
`);
    expect(text).toContain('export type ChurnIdResourceArgs = {\n  readonly id: string;\n};');
    expect(text).toContain('export type AskPromptResult = PromptResult;');
    expect(text).toContain("import type { PromptResult } from 'mxcp';");
    expect((await one.mxcp(['types'])).stdout).toContain('types.gen.ts unchanged');
    expect(generated(one)).toBe(text);
  });

  it('numbers the types of endpoints whose names differ in punctuation only', async () => {
    const one = temporarySite({
      'mxcp-site.yml': site,
      'tools/a.yml': tool('churn_risk'),
      'tools/b.yml': tool('churn-risk'),
      'tools/c.yml': tool('_2fa'),
    });
    await one.mxcp(['types']);
    const names = generated(one).match(/(?<=export type )\w+(?=Args)/g);
    expect(names).toEqual(['_2fa', 'ChurnRisk', 'ChurnRisk2']);
    expect(problemsOf(one.root, ['typescript/types.gen.ts'])).toEqual([]);
  });

  it('needs no bodies: they are written with the help of the types', async () => {
    const one = temporarySite({
      'mxcp-site.yml': site,
      'tools/new.yml': 'tool: { name: new, source: { file: ../typescript/new.ts } }\n',
      'tools/old.yml': 'tool: { name: old, language: python, source: { file: ../python/old.py } }\n',
    });
    const { code, stdout } = await one.mxcp(['types']);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'typescript/types.gen.ts written: types of 2 endpoints\n',
    });
    expect(generated(one).match(/(?<=export type )\w+(?=Args)/g)).toEqual(['New', 'Old']);
    const { stderr } = await one.mxcp(['validate']);
    expect(stderr.match(/\S+:\d+:\d+ error .*/g)).toEqual([
      'tools/new.yml:1:36 error There is no file ../typescript/new.ts [missing-file]',
      'tools/old.yml:1:30 error The body ../python/old.py is Python, which this program does not run [python-body]',
    ]);
  });

  it('names the types of a resource after its name, which its body is called too, else after its URI', async () => {
    const resource = (more: string): string => `resource: { uri: ${more}, source: { code: SELECT 1 } }\n`;
    const one = temporarySite({
      'mxcp-site.yml': site,
      'resources/a.yml': resource('"shop://all", name: shop'),
      'resources/b.yml': resource('"shop://best"'),
    });
    await one.mxcp(['types']);
    expect(generated(one).match(/(?<=export type )\w+(?=Args)/g)).toEqual([
      'ShopResource',
      'ShopBestResource',
    ]);
  });

  it('declares mxcp in words for authors, who have no pages of its design', () => {
    const texts = declarationFiles().map(({ text }) => text);
    expect(texts.length).toBeGreaterThan(0);
    for (const text of texts) expect(text).not.toMatch(/\bspec\b/i);
  });

  it('writes nothing when the site has errors, and says which', async () => {
    const one = temporarySite({ 'mxcp-site.yml': site, 'tools/a.yml': 'tool: { name: a }\n' });
    const { code, stderr } = await one.mxcp(['types']);
    expect(code).toBe(3);
    expect(stderr).toContain('tools/a.yml:1:1');
    expect(existsSync(join(one.root, 'typescript'))).toBe(false);
  });

  it('refuses --watch with --json, which is one document', async () => {
    const one = temporarySite({ 'mxcp-site.yml': site, 'tools/a.yml': tool('first') });
    const { code, json } = await one.mxcp(['types', '--watch', '--json'], {
      signal: AbortSignal.timeout(50),
    });
    expect(code).toBe(2);
    expect(json()).toMatchObject({ status: 'error', code: 'USAGE_INVALID' });
  });

  it('writes them again with --watch when an endpoint file changes, and survives a broken one', async () => {
    const one = temporarySite({ 'mxcp-site.yml': site, 'tools/a.yml': tool('first') });
    const stop = new AbortController();
    const steps = [
      {
        seen: 'types.gen.ts written',
        next: (): void => writeFileSync(join(one.root, 'tools/a.yml'), 'tool: {'),
      },
      {
        seen: 'tools/a.yml:1',
        next: (): void => writeFileSync(join(one.root, 'tools/a.yml'), tool('second')),
      },
      { seen: 'types.gen.ts written: types of 1 endpoint\n', next: (): void => stop.abort() },
    ];
    let from = 0;
    const { code } = await one.mxcp(['types', '--watch'], {
      signal: stop.signal,
      onStderr: (text) => {
        const [step] = steps;
        if (step === undefined || !text.slice(from).includes(step.seen)) return;
        from = text.length;
        steps.shift();
        step.next();
      },
    });
    expect(code).toBe(0);
    expect(steps).toEqual([]);
    expect(generated(one)).toContain('export type SecondArgs');
  });
});
