import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { authorTypes } from '../../engine/author-types.js';
import type { Project } from '../../model/project.js';
import { declarationFiles } from './declarations.js';

/** What became of the types of a site. Paths from its root. */
export interface WrittenTypes {
  readonly file: string;
  readonly written: readonly string[];
}

async function writeChanged(path: string, text: string): Promise<boolean> {
  const before = await readFile(path, 'utf8').catch(() => undefined);
  if (before === text) return false;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return true;
}

/**
 * Writes the types of the site's endpoints, `types.gen.ts` in its folder of TypeScript, and the declarations of `mxcp` that
 * they import. A file that would be the same is left alone.
 */
export async function writeTypes(project: Project): Promise<WrittenTypes> {
  const { root, bodies } = project;
  const file = relative(root, join(bodies.typescriptFolder, 'types.gen.ts'));
  const written: string[] = [];
  for (const { path, text } of [{ path: file, text: authorTypes(project) }, ...declarationFiles()])
    if (await writeChanged(join(root, path), text)) written.push(path);
  return { file, written };
}
