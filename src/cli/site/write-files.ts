import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UsageError } from '../../errors.js';
import type { SiteFile } from './bare-site.js';

/** What became of the files of a new site, as paths from its root. */
export interface Written {
  readonly created: readonly string[];
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

/** Writes files that are not there yet; one that exists, also as a link, is kept. Throws `UsageError` where the folder cannot be written. */
export async function writeFiles(
  root: string,
  folders: readonly string[],
  files: readonly SiteFile[],
): Promise<Written> {
  const created: string[] = [];
  const kept: string[] = [];
  try {
    for (const folder of folders) await mkdir(join(root, folder), { recursive: true });
    for (const { path, text } of files) {
      const target = join(root, path);
      await mkdir(dirname(target), { recursive: true });
      ((await writeNew(target, text)) ? created : kept).push(path);
    }
  } catch (cause) {
    throw new UsageError(`The site cannot be written to ${root}: ${String(codeOf(cause) ?? cause)}`, {
      cause,
    });
  }
  return { created, kept };
}
