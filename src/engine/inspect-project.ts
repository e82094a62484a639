import type { Problem } from '../errors.js';
import type { Draft, Project } from '../model/project.js';
import { compileProject } from './compile.js';
import type { Logger } from './logger.js';
import { openProjectBodies } from './open-project-bodies.js';
import { openProjectDatabase } from './open-project-database.js';

/** What is wrong with a project beyond its files. */
export interface Inspection {
  readonly problems: readonly Problem[];
  /** Bodies that were not checked because `database` was false. */
  readonly unprepared: number;
}

const ignore = (): void => undefined;
/** What bodies print while a project is inspected is nobody's problem. */
const silent: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** Masks are not applied while a project is inspected, so any key does. */
const unusedKey = new Uint8Array(32);

/**
 * Compiles a project, and the drafts of endpoints that have errors, and throws the result away (`mxcp validate`). Throws
 * `EXECUTE_DATABASE_UNAVAILABLE` when there is to be a database and it cannot be opened.
 */
export async function inspectProject(
  project: Project,
  options: { readonly database: boolean; readonly drafts?: readonly Draft[] },
): Promise<Inspection> {
  const drafts = (options.drafts ?? []).filter(({ sound }) => sound !== 'declaration');
  const all = { ...project, endpoints: [...project.endpoints, ...drafts.map(({ endpoint }) => endpoint)] };
  const { problems, unprepared } = await inspectAll(all, options.database);
  const doubtful = new Set(
    drafts.flatMap(({ endpoint: { kind, name }, sound }) => (sound === 'body' ? [`${kind}/${name}`] : [])),
  );
  const isCertain = ({ rule, endpoint = '' }: Problem): boolean =>
    !doubtful.has(endpoint) || bodyRules.has(rule);
  return { problems: problems.filter(isCertain), unprepared };
}

/** What the text of a body says whatever is declared around it. */
const bodyRules: ReadonlySet<string> = new Set([
  'sql-empty',
  'sql-transaction-control',
  'sql-does-not-prepare',
  'typescript-does-not-compile',
  'typescript-does-not-load',
]);

async function inspectAll(project: Project, withDatabase: boolean): Promise<Inspection> {
  if (!withDatabase) return inspect(project, undefined);
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
  const bodies = await openProjectBodies(project, false);
  try {
    const context = { project, database, bodies, logger: silent, hashKey: unusedKey };
    const { problems, unprepared } = await compileProject(context);
    return { problems, unprepared };
  } finally {
    await bodies?.close();
  }
}
