import { relative } from 'node:path';
import type { Message } from 'esbuild';
import type { Problem } from '../../errors.js';
import { excerpt, locate, type SourceText } from '../../lib/source-text.js';

/** A module of the site, and where the site names it: a body, a plugin or a file with hooks. */
export interface ModuleSource {
  /** Absolute path; of inline code that of its YAML file. */
  readonly file: string;
  readonly source: SourceText;
}

/** True for a body that stands in its YAML file. */
export function isInline({ source, file }: ModuleSource): boolean {
  return !/\.[cm]?[jt]sx?$/i.test(file) && source.text !== '';
}

/** Empty lines before inline code, so that its lines have the numbers that they have in the YAML file. */
export function linesBefore(source: SourceText): number {
  return source.segments === undefined ? source.origin.line - 1 : 0;
}

function offsetOf(source: SourceText, line: number, column: number): number {
  const lines = source.text.split('\n').slice(0, line - 1 - linesBefore(source));
  return lines.reduce((sum, text) => sum + text.length + 1, column);
}

interface Words {
  readonly message: string;
  readonly remedy?: string;
}

/** What esbuild says, in words for the author of a site: paths from its root, and what to do. */
function wordsOf(root: string, text: string): Words {
  const ofOurs = /^No matching export in ".*\/author\/api\.[jt]s" for import "([^"]+)"/.exec(text)?.[1];
  if (ofOurs !== undefined) return { message: `"mxcp" exports no ${ofOurs}` };
  const below = /\(originally "(mxcp\/[^"]+)"\)/.exec(text)?.[1];
  if (below !== undefined)
    return { message: `There is no "${below}"`, remedy: "Everything is imported from 'mxcp' itself" };
  if (text.startsWith('No loader is configured for ".node"'))
    return {
      message: 'This is a native addon, and a worker loads none',
      remedy: 'Take a package that is JavaScript only',
    };
  const message = text.replaceAll(`${root.slice(1)}/`, '');
  const missing = /^Could not resolve "((?:@[^/"]+\/)?[^./"@#~][^/"]*)/.exec(text)?.[1];
  if (missing === undefined) return { message };
  return { message, remedy: `Install the package in the site's folder: npm install ${missing}` };
}

const readable = /\.(?:[cm]?[jt]sx?|json|css|ya?ml)$/i;

/** A comment in any package says which file is read as its source map: words and lines of that one are not to be told. */
function isNoCode({ text, location }: Message): boolean {
  return location !== null && (!readable.test(location.file) || / in source map\b/.test(text));
}

/** A message of esbuild as a problem in the author's file; of inline code, inside of the YAML block. */
export function compileProblem(root: string, body: ModuleSource, found: Message): Problem {
  const { text, location } = found;
  const head = { severity: 'error' as const, rule: 'typescript-does-not-compile' };
  if (location === null) return { ...head, ...wordsOf(root, text), origin: body.source.origin };
  const file = relative(root, location.file);
  if (isNoCode(found)) {
    const message =
      'This file is read as a source map (sourceMappingURL in a comment) or as settings (extends in tsconfig.json), and is neither';
    return { ...head, message, origin: { file, line: location.line, column: 1 } };
  }
  const told = { ...head, ...wordsOf(root, text) };
  const column = Buffer.from(location.lineText).subarray(0, location.column).toString().length;
  if (isInline(body) && location.file === body.file) {
    const offset = offsetOf(body.source, location.line, column);
    return { ...told, origin: locate(body.source, offset), excerpt: excerpt(body.source, offset) };
  }
  return {
    ...told,
    origin: { file, line: location.line, column: column + 1 },
    excerpt: `${location.lineText}\n${' '.repeat(column)}^`,
  };
}
