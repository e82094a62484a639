import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Project } from '../../model/project.js';
import { type Finding, verdict } from './finding.js';

const script = /\.(?:ts|mts|cts|js|mjs|cjs)$/;
const shell = /\bchild_process\b|\bexecSync\s*\(|\bspawnSync\s*\(|\bBun\s*\.\s*\$/;

async function scriptsBelow(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && script.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !path.includes('node_modules'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function bodies({ endpoints }: Project): readonly (readonly [string, string])[] {
  return endpoints.flatMap((endpoint) => {
    const body = 'body' in endpoint ? endpoint.body : undefined;
    return body?.language === 'typescript' ? [[body.source.origin.file, body.source.text] as const] : [];
  });
}

/** Row S4-134: no TypeScript of the site starts other programs. Reads the folders of bodies and plugins. */
export async function shellUse(project: Project): Promise<Finding> {
  const { typescriptFolder, pluginsFolder } = project.bodies;
  const paths = [...(await scriptsBelow(typescriptFolder)), ...(await scriptsBelow(pluginsFolder))];
  const read = paths.map(
    async (path) => [relative(project.root, path), await readFile(path, 'utf8')] as const,
  );
  const texts = [...bodies(project), ...(await Promise.all(read))];
  const users = [...new Set(texts.filter(([, text]) => shell.test(text)).map(([file]) => file))].sort();
  return verdict({ id: 'shell', title: 'No body starts other programs' }, users.length === 0, {
    pass: texts.length === 0 ? 'there are no TypeScript bodies' : `${texts.length} files looked at`,
    fail: `child processes are started in ${users.join(', ')}`,
    fix: 'Use a library instead of a shell; never pass an argument of a caller to a command',
  });
}
