import { readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';

const script = /\.[cm]?[jt]s$/;
const noHooks = /\.(?:d|test|spec)\.[cm]?[jt]s$/;
/** Looks like an export of a hook; what it is, the module itself tells. */
const exportsHook = /\bexport\b[^;]*?\b(?:onInit|onShutdown)\b/;

async function scriptsBelow(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    return files.filter((file) => script.test(file) && !noHooks.test(file)).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** Absolute paths of the files below a folder that export `onInit` or `onShutdown`, sorted; those of packages and tests are left out. */
export async function findHooks(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const file of await scriptsBelow(folder)) {
    if (file.includes(`${sep}node_modules${sep}`)) continue;
    if (exportsHook.test(await readFile(file, 'utf8'))) found.push(file);
  }
  return found;
}
