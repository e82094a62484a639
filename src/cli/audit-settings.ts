import { isAbsolute } from 'node:path';
import { ConfigInvalidError } from '../errors.js';
import type { AuditSettings } from '../model/settings.js';
import { readProject } from '../project/load.js';
import type { Context } from './context.js';
import { loadOptions } from './load-options.js';

/**
 * Where the audit log of the site is. Only the site file says so: who reads the log needs none of the secrets that the user
 * config gives to the server. Throws `CONFIG_INVALID`.
 */
export async function auditSettings(context: Context): Promise<AuditSettings> {
  const { project, problems, siteErrors } = await readProject(loadOptions(context));
  const ofSite = siteErrors.filter(
    ({ rule, origin: { file } }) => rule !== 'missing-secret' && !isAbsolute(file),
  );
  if (project === undefined || ofSite.length > 0) throw new ConfigInvalidError(problems);
  return project.audit;
}
