import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { mxcp, type Ran } from '../cli/run-in-process.js';
import { docsBlocks, type DocsBlock } from './docs-blocks.js';

const root = new URL('../../', import.meta.url);

/** The site around a page's files, unless the page has a site file of its own. */
const siteFile = `mxcp: 1
project: docs
profile: default
profiles: {default: {duckdb: {path: ':memory:'}}}
`;

async function pages(): Promise<string[]> {
  const names = await readdir(new URL('docs', root));
  return ['README.md', ...names.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
}

/** A folder for one page: a site in `site`, a home folder beside it. */
async function newFolder(): Promise<{ site: string; env: Record<string, string> }> {
  const folder = await mkdtemp(join(tmpdir(), 'mxcp-docs-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const site = join(folder, 'site');
  await mkdir(site);
  await writeFile(join(site, 'mxcp-site.yml'), siteFile);
  return { site, env: { HOME: folder } };
}

/** The words of a command, as a shell reads them: single quotes keep everything. */
function shellWords(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|\S+/g)].map((match) => match[1] ?? match[0]);
}

async function runPage(page: string, blocks: readonly DocsBlock[]): Promise<void> {
  const { site, env } = await newFolder();
  let last: Ran | undefined;
  for (const block of blocks) {
    if (block.kind === 'file') {
      await mkdir(dirname(join(site, block.path)), { recursive: true });
      await writeFile(join(site, block.path), block.text);
    } else if (block.kind === 'run') {
      const [program, ...args] = shellWords(block.command);
      expect(program, `${page}:${block.line}`).toBe('mxcp');
      last = await mxcp(args, { cwd: site, env });
      expect(last.code, `${page}:${block.line} ${block.command}\n${last.stdout}${last.stderr}`).toBe(
        block.exit,
      );
    } else {
      for (const line of block.lines) expect(`${last?.stdout ?? ''}${last?.stderr ?? ''}`).toContain(line);
    }
  }
}

describe('documentation', async () => {
  for (const page of await pages()) {
    const text = await readFile(new URL(page, root), 'utf8');
    const blocks = docsBlocks(text);

    if (blocks.some(({ kind }) => kind === 'run')) {
      it(`${page}: every marked example runs as it says`, () => runPage(page, blocks));
    }

    it(`${page}: every link inside of the repository leads somewhere`, async () => {
      const targets = [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map((match) => match[1] ?? '');
      for (const target of targets) {
        const [path = '', anchor] = target.split('#');
        const linked = path === '' ? text : await readTarget(new URL(path, new URL(page, root)), target);
        if (anchor !== undefined) expect(anchors(linked), `${page}: ${target}`).toContain(anchor);
      }
    });
  }

  it('has pages with examples to run', async () => {
    const texts = await Promise.all((await pages()).map((page) => readFile(new URL(page, root), 'utf8')));
    const runs = texts.flatMap(docsBlocks).filter(({ kind }) => kind === 'run');
    expect(runs.length).toBeGreaterThan(10);
  });
});

/** The text of a linked file; a folder has none. */
async function readTarget(url: URL, target: string): Promise<string> {
  try {
    return await readFile(url, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EISDIR') return '';
    throw new Error(`A link leads nowhere: ${target}`, { cause: error });
  }
}

/** The anchors that a Markdown viewer gives to headings. */
function anchors(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
