import { openDatabase, type Database } from '../execute/database.js';
import type { Project } from '../model/project.js';

/** Opens a project's database; relative file names in its SQL are read from the site root. */
export function openProjectDatabase(project: Project, readonly?: boolean): Promise<Database> {
  const { database: settings, secrets, root, endpoints } = project;
  const bodies = endpoints.flatMap((endpoint) =>
    endpoint.kind !== 'prompt' && endpoint.body.language === 'sql' ? [endpoint.body.source] : [],
  );
  const overridden = readonly === undefined ? {} : { readonly };
  return openDatabase({ settings, secrets, searchPath: root, bodies, ...overridden });
}
