import { dirname } from 'node:path';
import type { OpenOptions } from '../engine/open-runtime.js';
import type { Runtime } from '../engine/runtime.js';
import { ConfigInvalidError } from '../errors.js';
import type { Project } from '../model/project.js';
import type { Environment } from '../project/expand.js';
import { readProject } from '../project/load.js';
import type { Overrides } from '../project/overrides.js';
import { secretFile, siteSecret } from '../project/site-secret.js';
import type { Context, ExitCode } from './context.js';
import { findProblems } from './find-problems.js';
import { loadOptions } from './load-options.js';
import { createQuietLogger } from './logger.js';
import { printNote } from './output.js';

/** A site that was read, with the environment that its `.env` completed. */
export interface Site {
  readonly project: Project;
  readonly env: Environment;
}

export interface SiteOptions {
  readonly overrides?: Overrides;
  /** Leaves broken endpoints out; given the environment that `.env` completed. */
  readonly ignoreErrors?: (env: Environment) => boolean;
  /** When something is wrong, everything is looked for, in the database too, before that is said. */
  readonly thorough?: true;
  /** Instead of the profile of the command line. */
  readonly profile?: string;
}

/** Reads the site. Throws `CONFIG_INVALID` with every problem; with `ignoreErrors` those of endpoints become warnings. */
export async function openSite(context: Context, options: SiteOptions = {}): Promise<Site> {
  const { profile, overrides, ignoreErrors, thorough } = options;
  const load = loadOptions(context, overrides);
  const reading = await readProject(profile === undefined ? load : { ...load, profile });
  const { project, problems, siteErrors, env } = reading;
  const lenient = ignoreErrors?.(env) === true;
  const errors = lenient ? siteErrors : problems.filter(({ severity }) => severity === 'error');
  if (project === undefined || errors.length > 0) {
    throw new ConfigInvalidError(thorough ? (await findProblems(reading, true)).problems : problems);
  }
  return { project: lenient ? { ...project, warnings: problems } : project, env };
}

/** What the internal keys of a site are made from, and where state outside of the site is kept. */
export function siteKeys(
  { project, env }: Site,
  mayGenerate: boolean,
): Pick<OpenOptions, 'siteSecret' | 'stateDirectory'> {
  return {
    siteSecret: siteSecret(project, env, { mayGenerate }),
    stateDirectory: dirname(secretFile(project.name, env)),
  };
}

/**
 * Opens a site for the calls of one command and closes it afterwards. Endpoints with errors are left out, with a note:
 * they do not keep the others from being tried.
 */
export async function withRuntime(
  context: Context,
  site: Site,
  purpose: 'run' | 'test',
  work: (runtime: Runtime) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { openRuntime } = await import('../engine/open-runtime.js');
  const runtime = await openRuntime(site.project, {
    ...siteKeys(site, true),
    logger: createQuietLogger(context, site.project.logging),
    purpose,
    transport: 'cli',
    ignoreErrors: true,
  });
  try {
    noteBroken(context, runtime);
    return await work(runtime);
  } finally {
    await runtime.close();
  }
}

function noteBroken(context: Context, { project, registry }: Runtime): void {
  const uncompiled = project.endpoints.filter(({ kind, name }) => registry.find(kind, name) === undefined);
  const count = project.broken.length + uncompiled.length;
  if (count > 0) printNote(context, `Endpoints with errors, left out: ${count} (mxcp validate says why)`);
}
