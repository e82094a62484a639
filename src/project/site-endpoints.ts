import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Origin, Problem } from '../errors.js';
import type { EndpointContext } from './endpoint-context.js';
import { readEndpointFile, type EndpointFile } from './endpoint-file.js';
import { at, type Field } from './field.js';
import { problem, problemOf } from './problems.js';
import type { SitePaths } from './settings-context.js';
import { findYamlFiles, isInside, shownPath } from './site-paths.js';

/** Files that are read at once. */
const readers = 16;

/** Reads every endpoint file of a site. `problems` are those of the folders; each file carries its own. */
export async function readEndpoints(
  context: EndpointContext,
  paths: SitePaths,
  site: Field,
): Promise<{ readonly files: readonly EndpointFile[]; readonly problems: readonly Problem[] }> {
  const problems: Problem[] = [];
  const found = new Set<string>();
  for (const key of ['tools', 'resources', 'prompts'] as const) {
    const folder = join(context.root, paths[key]);
    const named = at(site, 'paths', key);
    if (!isInside(context.root, folder)) {
      if (named !== undefined) problems.push(problemOf(named, outside(paths[key])));
      continue;
    }
    if (named !== undefined && !existsSync(folder)) problems.push(problemOf(named, missing(paths[key])));
    const { files, escaping, dangling, unreadable } = await findYamlFiles(context.root, folder);
    for (const file of files) found.add(file);
    const place = (path: string): Origin => ({ file: shownPath(context.root, path), line: 1, column: 1 });
    problems.push(...escaping.map((path) => problem(place(path), outside(paths[key]))));
    problems.push(...dangling.map((path) => problem(place(path), nowhere)));
    problems.push(...unreadable.map((path) => problem(place(path), unreadableFolder)));
  }
  const files = await readAll([...found].sort(), context);
  return { files, problems };
}

const nowhere = {
  rule: 'missing-file',
  message: 'This link leads nowhere',
  remedy: 'Mend or remove it: an endpoint that vanishes unnoticed is missed too late.',
};

const unreadableFolder = { rule: 'unreadable-file', message: 'This folder cannot be read' };

function missing(path: string): { rule: string; message: string } {
  return { rule: 'missing-folder', message: `There is no folder ${path}` };
}

function outside(path: string): { rule: string; message: string; remedy: string } {
  const remedy = 'Keep endpoint files inside of the site; symbolic links count as what they point to.';
  return { rule: 'path-outside', message: `${path} leads outside of the site`, remedy };
}

async function readAll(paths: readonly string[], context: EndpointContext): Promise<readonly EndpointFile[]> {
  const files: EndpointFile[] = [];
  for (let start = 0; start < paths.length; start += readers) {
    const batch = paths.slice(start, start + readers);
    files.push(...(await Promise.all(batch.map((path) => readEndpointFile(path, context)))));
  }
  return files;
}
