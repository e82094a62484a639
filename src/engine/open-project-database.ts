import { openDatabase, type Database } from '../execute/database.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Project } from '../model/project.js';

/** A TypeScript body writes what nobody can read off it, unless its endpoint says that it only reads. */
function mayWriteByCode(endpoint: Endpoint): boolean {
  if (endpoint.kind !== 'tool' || endpoint.body.language !== 'typescript') return false;
  return endpoint.annotations.readOnlyHint !== true;
}

/** Opens a project's database; relative file names in its SQL are read from the site root. */
export function openProjectDatabase(project: Project, readonly?: boolean): Promise<Database> {
  const { database: settings, secrets, root, endpoints } = project;
  const bodies = endpoints.flatMap((endpoint) =>
    endpoint.kind !== 'prompt' && endpoint.body.language === 'sql' ? [endpoint.body.source] : [],
  );
  const known = endpoints.some(mayWriteByCode) ? {} : { bodies };
  const overridden = readonly === undefined ? {} : { readonly };
  return openDatabase({ settings, secrets, searchPath: root, ...known, ...overridden });
}
