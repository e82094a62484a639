import type { Dirent } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { didYouMean } from '../lib/did-you-mean.js';
import type { Environment } from './expand.js';
import { variable } from './expand.js';

/** True when `path` is `folder` or below it. Both must be real paths. */
export function isInside(folder: string, path: string): boolean {
  const rest = relative(folder, path);
  return rest === '' || (!rest.startsWith(`..${sep}`) && rest !== '..' && !isAbsolute(rest));
}

/** A path as problems show it: relative to the site root, absolute outside of it. */
export function shownPath(root: string, path: string): string {
  return isInside(root, path) ? relative(root, path).replaceAll(sep, '/') || '.' : path;
}

/** The home folder: `HOME` of the given environment, else that of the operating system's user. */
export function homeFolder(env: Environment): string {
  const home = variable(env, 'HOME');
  return home === undefined || home === '' ? homedir() : home;
}

/** An absolute path: `~` is the home folder, a relative path starts at `base`. */
export function absolutePath(path: string, base: string, env: Environment): string {
  if (path === '~' || path.startsWith('~/')) return join(homeFolder(env), path.slice(1));
  return resolve(base, path);
}

export type ConfinedPath =
  | { readonly ok: true; readonly path: string }
  | {
      readonly ok: false;
      readonly reason: 'outside' | 'missing' | 'not-a-file';
      /** Of a missing file: another one of its folder, whose name the author may have meant. */
      readonly near?: string | undefined;
    };

/**
 * The real path of a file that an author named, or why it cannot be used. `/x` starts at the site root, anything else at `base`.
 * A path that leaves the site root, by `..` or by a symbolic link, is refused whether it exists or not.
 */
export async function confinedFile(root: string, base: string, named: string): Promise<ConfinedPath> {
  const path = named.startsWith('/') ? join(root, named) : resolve(base, named);
  if (!isInside(root, path)) return { ok: false, reason: 'outside' };
  try {
    const real = await realpath(path);
    if (!isInside(root, real)) return { ok: false, reason: 'outside' };
    return (await stat(real)).isFile() ? { ok: true, path: real } : { ok: false, reason: 'not-a-file' };
  } catch {
    return { ok: false, reason: 'missing', near: await nearFile(root, path) };
  }
}

async function nearFile(root: string, path: string): Promise<string | undefined> {
  const folder = await realpath(dirname(path)).catch(() => undefined);
  if (folder === undefined || !isInside(root, folder)) return undefined;
  return didYouMean(basename(path), await readdir(folder).catch(() => []));
}

/** What a search for YAML files found: real paths, sorted; links that leave the site or lead nowhere; folders that cannot be read. */
export interface FoundFiles {
  readonly files: readonly string[];
  readonly escaping: readonly string[];
  /** Links that lead nowhere. */
  readonly dangling: readonly string[];
  readonly unreadable: readonly string[];
}

/** All `*.yml` and `*.yaml` files below a folder, hidden folders and `node_modules` left out, links inside the site followed. */
export async function findYamlFiles(root: string, folder: string): Promise<FoundFiles> {
  const files = new Set<string>();
  const escaping = new Set<string>();
  const dangling = new Set<string>();
  const unreadable = new Set<string>();
  const seen = new Set<string>();
  const visit = async (path: string): Promise<void> => {
    const real = await realpath(path).catch(() => undefined);
    if (real === undefined) {
      if (await isThere(path)) dangling.add(path);
      return;
    }
    if (seen.has(real)) return;
    if (!isInside(root, real)) {
      escaping.add(path);
      return;
    }
    seen.add(real);
    const info = await stat(real).catch(() => undefined);
    if (info === undefined) {
      dangling.add(path);
      return;
    }
    if (info.isFile() && /\.ya?ml$/i.test(path)) files.add(real);
    if (!info.isDirectory()) return;
    const entries = await readdir(real, { withFileTypes: true }).catch(() => undefined);
    if (entries === undefined) unreadable.add(real);
    for (const entry of entries ?? []) {
      if (!isCandidate(entry)) continue;
      if (entry.isFile()) files.add(join(real, entry.name));
      else await visit(join(real, entry.name));
    }
  };
  await visit(folder);
  const sorted = (paths: ReadonlySet<string>): readonly string[] => [...paths].sort();
  return {
    files: sorted(files),
    escaping: sorted(escaping),
    dangling: sorted(dangling),
    unreadable: sorted(unreadable),
  };
}

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

function isCandidate(entry: Dirent): boolean {
  if (entry.name.startsWith('.') || entry.name === 'node_modules') return false;
  return entry.isDirectory() || entry.isSymbolicLink() || /\.ya?ml$/i.test(entry.name);
}
