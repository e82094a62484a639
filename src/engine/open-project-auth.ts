import { recordAuthEvent } from '../audit/describe-auth-event.js';
import type { Auth } from '../auth/open-auth.js';
import type { ScopeFacts } from '../auth/scope-facts.js';
import type { VerifiedIdentity } from '../auth/identity.js';
import { isMxcpError } from '../errors.js';
import type { Caller } from '../model/caller.js';
import { adminCapability } from '../policy/check-condition.js';
import type { RoleResolver } from '../policy/compile-roles.js';
import { toIdentity } from './callers.js';
import { publicUrl } from './public-url.js';
import type { Runtime } from './runtime.js';

/** What the ways in of a project are opened with. */
export interface ProjectAuth extends Pick<Runtime, 'project' | 'audit' | 'describer' | 'logger' | 'scopes'> {
  readonly roles: RoleResolver;
  readonly siteSecret: string;
}

function factsOf({ project, scopes, roles }: ProjectAuth): ScopeFacts {
  const { defaultScopes } = project.authorization.scopes;
  const callerOf = (identity: VerifiedIdentity): Caller => roles.resolve(toIdentity(identity)).caller;
  return {
    known: scopes.known,
    defaults: [...new Set(defaultScopes)].filter((scope) => scopes.known.includes(scope)),
    allowed: (identity) => scopes.allowed(callerOf(identity)),
    isAdmin: (identity) => callerOf(identity).capabilities.includes(adminCapability),
  };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  const own = message === '' ? code : message;
  return cause === undefined ? own : `${own}: ${reasonOf(cause)}`;
}

/** A known failure is told in a line: where it was thrown says nothing, and of a provider that is down it comes often. */
function told(error: unknown): object {
  if (error === undefined) return {};
  return isMxcpError(error) && error.code !== 'INTERNAL'
    ? { code: error.code, reason: reasonOf(error) }
    : { err: error };
}

/** Opens the ways in that the project configures; what happens at them is on record. Rejects as `openAuth` does. */
export async function openProjectAuth(parts: ProjectAuth): Promise<Auth> {
  const { project, audit, describer, logger, siteSecret } = parts;
  const { openAuth } = await import('../auth/open-auth.js');
  const { http } = project.transport;
  return openAuth({
    settings: project.auth,
    project: project.name,
    origin: project.origin,
    siteSecret,
    baseUrl: publicUrl(http),
    mcpPath: http.path,
    scopes: factsOf(parts),
    record: (event) => recordAuthEvent(audit, describer, event),
    warn: (message, error) => logger.warn(told(error), message),
  });
}
