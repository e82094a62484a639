import { appendFile, lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UsageError } from '../../errors.js';
import type { SiteFile } from './bare-site.js';

/** What became of the files of a new site, as paths from its root. */
export interface Written {
  readonly created: readonly string[];
  /** Were there before; what they lacked was added to their end. */
  readonly extended: readonly string[];
  /** Were there before, and are untouched. */
  readonly kept: readonly string[];
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

async function writeNew(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Adds the lines that a file lacks to its end; comments do not count. False when there is nothing to add, or it is no plain file. */
async function extend(path: string, text: string): Promise<boolean> {
  if (!(await lstat(path)).isFile()) return false;
  const present = await readFile(path, 'utf8');
  const lines = new Set(present.split(/\r?\n/).map((line) => line.trim()));
  const missing = text.split('\n').filter((line) => line !== '' && !line.startsWith('#') && !lines.has(line));
  if (missing.length === 0) return false;
  const gap = present === '' || present.endsWith('\n') ? '' : '\n';
  await appendFile(path, `${gap}\n# mxcp\n${missing.join('\n')}\n`);
  return true;
}

/** Writes files that are not there yet; one that exists, also as a link, is kept, or extended where it says so. Throws `UsageError` where the folder cannot be written. */
export async function writeFiles(
  root: string,
  folders: readonly string[],
  files: readonly SiteFile[],
): Promise<Written> {
  const created: string[] = [];
  const extended: string[] = [];
  const kept: string[] = [];
  try {
    for (const folder of folders) await mkdir(join(root, folder), { recursive: true });
    for (const { path, text, extends: mayExtend } of files) {
      const target = join(root, path);
      await mkdir(dirname(target), { recursive: true });
      if (await writeNew(target, text)) created.push(path);
      else if (mayExtend === true && (await extend(target, text))) extended.push(path);
      else kept.push(path);
    }
  } catch (cause) {
    throw new UsageError(`The site cannot be written to ${root}: ${String(codeOf(cause) ?? cause)}`, {
      cause,
    });
  }
  return { created, extended, kept };
}
