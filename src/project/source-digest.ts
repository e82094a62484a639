import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { sha256 } from '../lib/sha256.js';

const source = /\.[cm]?[jt]sx?$|\.json$/;

/** Path and SHA-256 of every source file below some folders, sorted: what bodies and plugins may import. Packages are left out. */
export async function sourceDigests(
  root: string,
  folders: readonly string[],
): Promise<readonly (readonly [path: string, hash: string])[]> {
  const found = new Map<string, string>();
  for (const folder of folders)
    for (const path of await sourceFiles(folder))
      found.set(relative(root, path), sha256(await readFile(path, 'utf8')));
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}

async function sourceFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []); // a folder that is not there has no files
  const files = await Promise.all(
    entries.map(async (entry) => {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') return [];
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return sourceFiles(path);
      return entry.isFile() && source.test(entry.name) ? [path] : [];
    }),
  );
  return files.flat();
}
