import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Ran } from './run-in-process.js';
import { temporarySite } from './temporary-site.js';

interface Case {
  readonly slip: string;
  /** Lines of the tool behind its name. */
  readonly tool?: string;
  /** Condition of an input rule of a tool with a parameter `who`. */
  readonly rule?: string;
  /** `line:column rule`, in the tool's file. */
  readonly at: string;
  readonly says?: string;
  readonly remedy?: string;
  /** Nothing else is said about the tool. */
  readonly alone?: true;
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
  readFileSync(new URL('./cases/newcomer-mistakes.yml', import.meta.url), 'utf8'),
) as readonly Case[];

const siteFile = `mxcp: 1
project: shop
profile: default
authorization: { capabilities: { orders.read: Read }, roles: { clerk: { capabilities: [orders.read] } } }
profiles:
  default:
    duckdb: { path: ':memory:', init: 'CREATE TABLE orders (id INTEGER, name VARCHAR, region VARCHAR)' }
`;

function toolFile({ tool, rule }: Case, index: number): string {
  const head = `tool:\n  name: tool_${index}\n`;
  if (tool !== undefined) return head + tool;
  const parameters = '  parameters: [{ name: who, type: string }]\n  source: { code: SELECT $who AS who }\n';
  return `${head}${parameters}  policies:\n    input: [{ id: r, action: deny, condition: ${JSON.stringify(rule)} }]\n`;
}

describe('a site with the slips of many newcomers', () => {
  const files = cases.map((each, index) => [`tools/${index}.yml`, toolFile(each, index)] as const);
  const site = temporarySite({ 'mxcp-site.yml': siteFile, ...Object.fromEntries(files) });
  let ran: Ran;
  let issues: readonly Issue[];

  beforeAll(async () => {
    ran = await site.mxcp(['validate', '--json']);
    ({ issues } = ran.json() as unknown as { issues: readonly Issue[] });
  });

  it('does not validate, and does not start', async () => {
    expect(ran.code).toBe(3);
    expect((await site.mxcp(['serve'])).code).toBe(3);
  });

  it.each(cases.map((each, index) => ({ ...each, index })))('is told in one run: $slip', (each) => {
    const own = issues.filter(({ file }) => file === `tools/${each.index}.yml`);
    const places = own.map(({ line, column, rule }) => `${line}:${column} ${rule}`);
    expect(places).toContain(each.at);
    const found = own[places.indexOf(each.at)];
    if (each.says !== undefined) expect(found?.message).toContain(each.says);
    if (each.remedy !== undefined) expect(found?.remedy).toContain(each.remedy);
    if (each.alone === true) expect(own).toHaveLength(1);
    expect(own.filter(({ message }) => message === found?.message)).toHaveLength(1);
  });
});
