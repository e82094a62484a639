import type { Problem } from '../errors.js';
import { toMxcpError } from '../errors.js';
import type { Project } from '../model/project.js';
import type { ProjectReading } from '../project/load.js';
import { sortProblems } from '../project/problems.js';

/** Everything that is wrong with a site, and how much was not looked at. */
export interface Findings {
  readonly problems: readonly Problem[];
  /** Endpoints whose SQL was not looked at. */
  readonly unprepared: number;
}

/** A database that cannot be opened is a problem of the profile, and keeps none of the others from being found. */
function databaseProblems(error: unknown, { database }: Project): readonly Problem[] {
  const known = toMxcpError(error);
  if (known.code === 'CONFIG_INVALID') return known.problems;
  if (known.code !== 'EXECUTE_DATABASE_UNAVAILABLE') throw error;
  const rule = 'database-unavailable';
  return [{ severity: 'error', rule, message: known.message, origin: database.origin }];
}

/**
 * What reading a site found, and what compiling it finds beyond that, sorted by place. With `database` its SQL is
 * prepared, which fills a new database by `init`.
 */
export async function findProblems(
  { project, drafts = [], problems }: ProjectReading,
  database: boolean,
): Promise<Findings> {
  if (project === undefined) return { problems, unprepared: 0 };
  const { inspectProject } = await import('../engine/inspect-project.js');
  // Without the profile there is no `init`: every table would be missing.
  const prepares = database && !problems.some(({ rule }) => rule === 'unknown-profile');
  try {
    const found = await inspectProject(project, { database: prepares, drafts });
    return { problems: sortProblems([...problems, ...found.problems]), unprepared: found.unprepared };
  } catch (error) {
    if (!database) throw error;
    const own = databaseProblems(error, project);
    const found = await inspectProject(project, { database: false, drafts });
    const all = sortProblems([...problems, ...own, ...found.problems]);
    return { problems: all, unprepared: found.unprepared };
  }
}
