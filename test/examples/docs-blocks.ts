/** A fenced block of a page that the tests run: a file of the page's site, a command, or what a command must print. */
export type DocsBlock =
  | { readonly kind: 'file'; readonly path: string; readonly text: string }
  | { readonly kind: 'run'; readonly command: string; readonly exit: number; readonly line: number }
  | { readonly kind: 'output'; readonly lines: readonly string[] };

const fence = /^```(\w+)[ \t]+([^\n]+)\n([\s\S]*?)^```$/gm;

function blockOf(info: string, text: string, line: number): DocsBlock | undefined {
  const [word = '', ...options] = info.trim().split(/\s+/);
  if (word.startsWith('file=')) return { kind: 'file', path: word.slice('file='.length), text };
  if (word === 'output') return { kind: 'output', lines: text.trim().split('\n') };
  if (word !== 'run') return undefined;
  const exit = options.find((option) => option.startsWith('exit='))?.slice('exit='.length) ?? '0';
  return { kind: 'run', command: text.trim(), exit: Number(exit), line };
}

/**
 * The marked blocks of a page in order. Markdown viewers show only the language; what follows it is ours: `file=PATH`
 * writes a file, `run [exit=N]` runs a command, `output` lists texts that the command before it prints.
 */
export function docsBlocks(markdown: string): DocsBlock[] {
  return [...markdown.matchAll(fence)].flatMap((match) => {
    const line = markdown.slice(0, match.index).split('\n').length;
    return blockOf(match[2] ?? '', match[3] ?? '', line) ?? [];
  });
}
