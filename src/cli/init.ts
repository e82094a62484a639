import { basename, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { ConfigNotFoundError, UsageError } from '../errors.js';
import { findSite } from '../project/find-site.js';
import { readProject } from '../project/load.js';
import { readSchema } from '../project/schemas.js';
import type { Context, ExitCode, Invoke } from './context.js';
import { printResult } from './output.js';
import { bareSite, schemaPath, siteFolders, type SiteFile, type SiteNames } from './site/bare-site.js';
import { bootstrapSite } from './site/bootstrap-site.js';
import { clientConfigs, clientConfigText } from './site/client-config.js';
import { writeTypes } from './site/write-types.js';
import { writeFiles, type Written } from './site/write-files.js';

export interface InitOptions {
  readonly bootstrap?: true;
  readonly project?: string;
  readonly yes?: true;
}

/** The kinds of files that an author writes in an editor. */
const editedKinds = ['site', 'tool', 'resource', 'prompt', 'test'] as const;

/** The root of the site that a folder is in, or is. */
function enclosingSite(folder: string): string | undefined {
  try {
    return findSite(folder).root;
  } catch (error) {
    if (error instanceof ConfigNotFoundError) return undefined;
    throw error;
  }
}

/** Asks each question on stderr, and reads the answers line by line; an empty one is the fallback. */
async function ask(
  context: Context,
  questions: readonly (readonly [question: string, fallback: string])[],
): Promise<string[]> {
  const { stdin, stderr } = context.world;
  const lines = createInterface({ input: stdin });
  const answers = lines[Symbol.asyncIterator]();
  const given: string[] = [];
  for (const [question, fallback] of questions) {
    stderr.write(`${question} (${fallback}): `);
    const answer = await answers.next();
    const text = answer.done === true ? '' : answer.value.trim();
    given.push(text === '' ? fallback : text);
  }
  lines.close();
  return given;
}

/** Names from the options, else asked for on a terminal, else from the folder. */
async function chooseNames(context: Context, root: string, options: InitOptions): Promise<SiteNames> {
  const project = options.project ?? (basename(root) || 'site');
  const profile = context.options.profile ?? 'default';
  const silent = options.yes === true || context.options.json || context.world.stdin.isTTY !== true;
  if (silent || (options.project !== undefined && context.options.profile !== undefined))
    return { project, profile };
  const [newProject = project, newProfile = profile] = await ask(context, [
    ['Name of the project', project],
    ['Name of the first profile', profile],
  ]);
  return { project: newProject, profile: newProfile };
}

/** The published schemas, for editors. */
function schemaFiles(): readonly SiteFile[] {
  return editedKinds.map((kind) => ({
    path: schemaPath(kind),
    text: `${JSON.stringify(readSchema(kind), null, 2)}\n`,
  }));
}

function initText(root: string, written: Written, clients: string | undefined): string {
  const list = (title: string, paths: readonly string[]): string[] =>
    paths.length === 0 ? [] : [title, ...paths.map((path) => `  ${path}`)];
  return [
    `A new site in ${root}`,
    ...list('Created:', written.created),
    ...list('Added to:', written.extended),
    ...list('Kept as they were:', written.kept),
    '',
    'Next, in that folder: mxcp validate, mxcp test, mxcp serve',
    ...(clients === undefined
      ? []
      : ['', 'To use it from a client, put this into its configuration:', '', clients]),
  ].join('\n');
}

/** The types of the endpoints that were made; none when files that were there before are wrong. */
async function firstTypes(context: Context, root: string): Promise<readonly string[]> {
  const { project } = await readProject({ cwd: root, env: context.world.env });
  return project === undefined ? [] : (await writeTypes(project)).written;
}

/** Creates a site in `folder` (the working directory when absent). Never overwrites a file. */
export async function init(
  context: Context,
  folder: string | undefined,
  options: InitOptions,
): Promise<ExitCode> {
  const root = resolve(context.world.cwd, folder ?? '.');
  const enclosing = enclosingSite(root);
  if (enclosing !== undefined) throw new UsageError(`${enclosing} is a site already`);
  const names = await chooseNames(context, root, options);
  const files = options.bootstrap === true ? bootstrapSite(names) : bareSite(names);
  const own = await writeFiles(root, siteFolders, [...files, ...schemaFiles()]);
  const types = options.bootstrap === true ? await firstTypes(context, root) : [];
  const written = { ...own, created: [...own.created, ...types] };
  const clients = clientConfigs(names.project, root, context.world.launch);
  const result = { root, ...names, ...written, clients };
  const clientText = options.bootstrap === true ? clientConfigText(clients) : undefined;
  return printResult(context, result, () => initText(root, written, clientText));
}

/** `mxcp init [folder]`. */
export function configure(command: Command, invoke: Invoke): void {
  command
    .argument('[folder]', 'folder of the new site (default: the working directory)')
    .option(
      '--bootstrap',
      'add a SQL and a TypeScript tool with rules and tests, and print client configurations',
    )
    .option('--project <name>', 'name of the project (default: name of the folder)')
    .option('--yes', 'ask nothing')
    .action((folder: string | undefined, options: InitOptions) =>
      invoke((context) => init(context, folder, options)),
    );
}
