import { existsSync, readFileSync } from 'node:fs';
import { resolve as resolveFrom } from 'node:path';
import { ConfigInvalidError, ConfigNotFoundError, type Problem } from '../errors.js';
import { deepFreeze } from '../lib/freeze.js';
import type { Draft, Project } from '../model/project.js';
import { assembleProject, type Assembly } from './assemble.js';
import { withDotEnv } from './dot-env.js';
import { checkVariables } from './environment-checks.js';
import { variable, type Environment } from './expand.js';
import { findSite, type SiteLocation } from './find-site.js';
import type { Overrides } from './overrides.js';
import { sortProblems } from './problems.js';
import { readSiteFile } from './site-file.js';

export interface LoadOptions {
  readonly cwd: string;
  /** A folder of the site, or its site file (`--site`). */
  readonly site?: string | undefined;
  readonly profile?: string | undefined;
  /** The user config (`--config`). */
  readonly config?: string | undefined;
  readonly env: Environment;
  /** False: a `.env` beside the site file is not read. */
  readonly envFile?: boolean | undefined;
  readonly overrides?: Overrides | undefined;
  /** Broken endpoints are left out and listed in `broken`; the problems of these are among `warnings`. */
  readonly ignoreErrors?: boolean | undefined;
}

/** What reading a site gave, right or wrong. */
export interface ProjectReading {
  readonly location: SiteLocation;
  /** The project without its broken endpoints; absent when the site file cannot be read or has no such profile as chosen. */
  readonly project?: Project;
  /** What is known of the endpoints with errors: to be checked, never to be served. */
  readonly drafts?: readonly Draft[];
  /** Everything that was found, warnings too, sorted by file, line and column. */
  readonly problems: readonly Problem[];
  /** Errors that `--ignore-errors` does not pass over: those of anything but endpoint files. */
  readonly siteErrors: readonly Problem[];
  /** Absolute paths of the YAML files that were read. */
  readonly files: readonly string[];
  /** The environment with what `.env` added. */
  readonly env: Environment;
}

const isError = ({ severity }: Problem): boolean => severity === 'error';

/**
 * Reads the site that `cwd` or `site` is in and says everything that is wrong with its files: what `mxcp validate` and `list`
 * need. Throws only ConfigNotFoundError.
 */
export async function readProject(options: LoadOptions): Promise<ProjectReading> {
  const location = findSite(startOf(options));
  const env = options.envFile === false ? options.env : withDotEnv(options.env, location.root);
  const site = await readSiteFile(location, env, options.profile);
  const variables = checkVariables(env);
  const chosen = options.profile ?? variable(env, 'MXCP_PROFILE');
  const unknownProfile = site.problems.filter(
    ({ rule }) => rule === 'unknown-profile' && chosen !== undefined,
  );
  if (site.root === undefined || unknownProfile.length > 0) {
    // Without the profile that the operator chose, all else that the site lacks is a consequence.
    const found = unknownProfile.length > 0 ? unknownProfile : site.problems;
    const problems = sortProblems([...found, ...variables]);
    return { location, problems, siteErrors: problems.filter(isError), files: [location.file], env };
  }
  const assembly = await assembleProject({
    location,
    site,
    env,
    cwd: options.cwd,
    config: options.config,
    overrides: options.overrides ?? {},
    productVersion: productVersion(),
  });
  return finish(location, env, assembly, variables);
}

/** The folder or file that somebody named, which must be there: a slip must not serve another site further up. */
function startOf({ site, env, cwd }: LoadOptions): string {
  const named = site ?? variable(env, 'MXCP_SITE') ?? '';
  if (named === '') return cwd;
  const start = resolveFrom(cwd, named);
  if (!existsSync(start))
    throw new ConfigNotFoundError(`There is no ${start}; --site names a folder of a site`);
  return start;
}

function finish(
  location: SiteLocation,
  env: Environment,
  { project, drafts, siteProblems, endpointProblems, files }: Assembly,
  variables: readonly Problem[],
): ProjectReading {
  const problems = sortProblems([...siteProblems, ...endpointProblems, ...variables]);
  return {
    location,
    project: deepFreeze({ ...project, warnings: problems.filter((each) => !isError(each)) }),
    drafts,
    problems,
    siteErrors: sortProblems([...siteProblems, ...variables].filter(isError)),
    files: [location.file, ...files],
    env,
  };
}

/**
 * The project of a site, frozen. Throws ConfigNotFoundError without a site, ConfigInvalidError with every problem when anything is
 * wrong; with `ignoreErrors` only when something other than an endpoint file is.
 */
export async function loadProject(options: LoadOptions): Promise<Project> {
  const { project, problems, siteErrors } = await readProject(options);
  const fatal = options.ignoreErrors === true ? siteErrors : problems.filter(isError);
  if (project === undefined || fatal.length > 0) throw new ConfigInvalidError(problems);
  return options.ignoreErrors === true
    ? Object.freeze({ ...project, warnings: Object.freeze([...problems]) })
    : project;
}

function productVersion(): string {
  const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return String((JSON.parse(file) as { version?: unknown }).version);
}
