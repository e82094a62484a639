import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { readProject, type LoadOptions, type ProjectReading } from '../../src/project/load.js';
import type { Problem } from '../../src/errors.js';

/** A new folder that goes away with the test. Its path is real. */
export async function newFolder(): Promise<string> {
  const folder = realpathSync(await mkdtemp(join(tmpdir(), 'mxcp-project-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files, by path relative to `folder`, and makes the folders that they need. */
async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode: 0o600 });
  }
}

export const minimalSite = 'mxcp: 1\nproject: shop\nprofile: default\n';

/** A folder with a site: `mxcp-site.yml` is the minimal one unless given. */
export async function newSite(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await newFolder();
  await writeFiles(folder, { 'mxcp-site.yml': minimalSite, ...files });
  return folder;
}

/** Reads a site with an empty home folder and environment, unless said otherwise. */
export async function read(cwd: string, options: Partial<LoadOptions> = {}): Promise<ProjectReading> {
  return await readProject({ cwd, ...options, env: { HOME: join(cwd, 'no-home'), ...options.env } });
}

/** `file:line:column rule`, the part of a problem that tests compare. */
export function place({ origin, rule }: Problem): string {
  return `${origin.file}:${origin.line}:${origin.column} ${rule}`;
}
