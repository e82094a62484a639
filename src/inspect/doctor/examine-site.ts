import type { Project } from '../../model/project.js';
import { dependencies } from './dependencies.js';
import type { Finding } from './finding.js';
import { identityChecks } from './identity-checks.js';
import { inputChecks } from './input-checks.js';
import { notes } from './notes.js';
import { outputChecks } from './output-checks.js';
import { shellUse } from './shell-use.js';

/** The production checklist against the configuration of a site (spec page 06). Reads files; changes nothing, calls nobody. */
export async function examineSite(project: Project): Promise<readonly Finding[]> {
  return [
    ...identityChecks(project),
    ...inputChecks(project),
    await shellUse(project),
    ...(await outputChecks(project)),
    await dependencies(project),
    ...notes(project, process.versions.node),
  ];
}
