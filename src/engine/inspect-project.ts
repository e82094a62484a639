import type { Problem } from '../errors.js';
import type { Project } from '../model/project.js';
import { compileProject } from './compile.js';
import { openProjectDatabase } from './open-project-database.js';

/** What is wrong with a project beyond its files. */
export interface Inspection {
  readonly problems: readonly Problem[];
  /** Bodies that were not checked because `database` was false. */
  readonly unprepared: number;
}

/** Masks are not applied while a project is inspected, so any key does. */
const unusedKey = new Uint8Array(32);

/**
 * Compiles a project and throws the result away (`mxcp validate`). Throws `EXECUTE_DATABASE_UNAVAILABLE` when there is to be
 * a database and it cannot be opened.
 */
export async function inspectProject(
  project: Project,
  options: { readonly database: boolean },
): Promise<Inspection> {
  if (!options.database) return inspect(project, undefined);
  const database = await openProjectDatabase(project);
  try {
    return await inspect(project, database);
  } finally {
    await database.close();
  }
}

async function inspect(
  project: Project,
  database: Parameters<typeof compileProject>[0]['database'],
): Promise<Inspection> {
  const { problems, unprepared } = await compileProject({ project, database, hashKey: unusedKey });
  return { problems, unprepared };
}
