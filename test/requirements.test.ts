import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Where one requirement is proven. */
interface Row {
  /** What is promised, in a few words. */
  readonly promise: string;
  /** Test file, or file of cases → titles, or unambiguous parts of them. */
  readonly tests?: Readonly<Record<string, string | readonly string[]>>;
  /** `page.md#Heading` of the docs, for what is advice. */
  readonly docs?: string;
}

const listed = parse(readFileSync(join(root, 'test/requirements.yml'), 'utf8')) as {
  readonly scope: readonly string[];
  readonly rows: Readonly<Record<string, Row>>;
};

function textOf(node: ts.Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) return node.getText().slice(1, -1);
  return undefined;
}

/** The names in `it.skip.each` and the like: `['it', 'skip', 'each']`. */
function chainOf(node: ts.Expression): string[] {
  if (ts.isIdentifier(node)) return [node.text];
  if (ts.isPropertyAccessExpression(node)) return [...chainOf(node.expression), node.name.text];
  if (ts.isCallExpression(node)) return chainOf(node.expression);
  return [];
}

/** The first text of each row of an `each([...])`: what a reader takes for the name of the case. */
function caseNames(node: ts.Expression): string[] {
  if (!ts.isCallExpression(node)) return [];
  const [given] = node.arguments;
  const rows = given && ts.isAsExpression(given) ? given.expression : given;
  if (rows === undefined || !ts.isArrayLiteralExpression(rows)) return [];
  return rows.elements.flatMap((row) => {
    const first = ts.isArrayLiteralExpression(row) ? row.elements[0] : row;
    return textOf(first) ?? [];
  });
}

/** Titles of the suites and tests that run, and names of their cases. A skipped suite counts for nothing that is in it. */
function titlesOf(file: string, text: string): string[] {
  const titles: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const chain = chainOf(node.expression);
      if (['it', 'test', 'describe'].includes(chain[0] ?? '')) {
        if (chain.some((name) => ['skip', 'todo', 'fails'].includes(name))) return;
        const title = textOf(node.arguments[0]);
        if (title !== undefined && node.arguments.length > 1)
          titles.push(title, ...caseNames(node.expression));
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return titles;
}

const naming = new Set(['name', 'shows', 'group', 'question', 'if', 'sql']);

/** The names of the cases in a file of cases. */
function namesOf(value: unknown, found: string[] = []): string[] {
  if (typeof value !== 'object' || value === null) return found;
  for (const [key, child] of Object.entries(value)) {
    if (naming.has(key) && typeof child === 'string') found.push(child);
    else namesOf(child, found);
  }
  return found;
}

/** A file of cases proves nothing unless a test reads it. */
function isRead(path: string): boolean {
  const folder = dirname(dirname(path));
  const name = basename(path).replace(/\.yml$/, '');
  const readers = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return readers
    .filter((file) => file.endsWith('.test.ts'))
    .some((file) => new RegExp(`['/]${name}(\\.yml)?'`).test(readFileSync(join(root, folder, file), 'utf8')));
}

const titles = new Map<string, readonly string[]>();

function titlesIn(path: string): readonly string[] {
  const known = titles.get(path);
  if (known) return known;
  const text = readFileSync(join(root, path), 'utf8');
  const found = path.endsWith('.yml') ? namesOf(parse(text)) : titlesOf(path, text);
  titles.set(path, found);
  return found;
}

function testFaults(path: string, wanted: readonly string[]): string[] {
  if (!existsSync(join(root, path))) return [`There is no file ${path}`];
  if (!/\.(?:test|browser|faults|keycloak|registry|services)\.ts$|\/cases\/[^/]+\.yml$/.test(path))
    return [`${path} is neither a test nor a file of cases`];
  if (path.endsWith('.yml') && !isRead(path)) return [`No test reads ${path}`];
  const all = titlesIn(path);
  return wanted.flatMap((title) => {
    const parts = new Set(all.filter((one) => one.includes(title)));
    if (all.includes(title) || parts.size === 1) return [];
    return [`${path} has ${parts.size === 0 ? 'no test' : 'several tests'} "${title}"`];
  });
}

function docsFaults(place: string): string[] {
  const [page = '', heading = ''] = place.split('#');
  const path = join(root, 'docs', page);
  if (!existsSync(path)) return [`There is no page docs/${page}`];
  const found = readFileSync(path, 'utf8')
    .split('\n')
    .some((line) => line.replace(/^#+ /, '') === heading && line !== heading);
  return found ? [] : [`docs/${page} has no heading "${heading}"`];
}

function faultsOf({ promise, tests, docs }: Row): string[] {
  const named = Object.entries(tests ?? {});
  return [
    ...(promise === '' ? ['It promises nothing'] : []),
    ...(named.length === 0 && docs === undefined ? ['It has neither a test nor a page'] : []),
    ...named.flatMap(([path, wanted]) => testFaults(path, typeof wanted === 'string' ? [wanted] : wanted)),
    ...(docs === undefined ? [] : docsFaults(docs)),
  ];
}

describe('the acceptance list', () => {
  it('has each requirement of its scope once, and no other', () => {
    expect(listed.scope).toEqual([...new Set(listed.scope)]);
    expect(Object.keys(listed.rows)).toEqual(listed.scope);
  });

  it.each(Object.entries(listed.rows))('%s is proven where it says', (_id, row) => {
    expect(faultsOf(row)).toEqual([]);
  });

  it('would notice a test, a case or a heading that is gone, skipped or ambiguous', () => {
    const source = `
      describe.skip('gone', () => { it('inside', () => {}); });
      it.todo('planned'); it('without a body');
      it.each([['first', 1], ['second', 2]] as const)('takes %s', () => {});
      describe(\`with \${name}\`, () => { it('here', () => {}); });`;
    expect(titlesOf('x.test.ts', source)).toEqual(['takes %s', 'first', 'second', 'with ${name}', 'here']);
    const here = 'test/requirements.test.ts';
    expect(testFaults(here, ['the acceptance list', 'is proven where'])).toEqual([]);
    expect(testFaults(here, ['no such test', 'h'])).toEqual([
      `${here} has no test "no such test"`,
      `${here} has several tests "h"`,
    ]);
    expect(testFaults('test/nothing.test.ts', [])).toEqual(['There is no file test/nothing.test.ts']);
    expect(docsFaults('policies.md#Masks')).toEqual([]);
    expect(docsFaults('policies.md#masks')).toEqual(['docs/policies.md has no heading "masks"']);
    expect(faultsOf({ promise: 'x' })).toEqual(['It has neither a test nor a page']);
  });
});
