import { findHooks } from '../execute/typescript/find-hooks.js';
import { openBodies, type Bodies } from '../execute/typescript/open-bodies.js';
import type { SiteHost } from '../execute/typescript/site-host.js';
import type { TypeScriptBody } from '../model/endpoint.js';
import type { Json } from '../model/json.js';
import type { Project } from '../model/project.js';
import { secretOf } from './body-host.js';
import type { Logger } from './logger.js';

function bodiesOf({ endpoints }: Project): TypeScriptBody[] {
  return endpoints.flatMap(({ body }) => (body?.language === 'typescript' ? [body] : []));
}

function siteHost(secrets: Project['secrets'], logger?: Logger): SiteHost {
  return {
    secret: (name) => secretOf(secrets, name),
    log: (level, message, data) =>
      logger?.[level === 'warning' ? 'warn' : level](data === null ? {} : { data }, message),
  };
}

/**
 * Bundles and loads a project's TypeScript bodies, plugins and hooks; undefined when it has none, and then nothing is
 * started. Unless it is served, whoever calls is the operator: no workers are kept apart.
 */
export async function openProjectBodies(
  project: Project,
  served: boolean,
  logger?: Logger,
): Promise<Bodies | undefined> {
  const bodies = bodiesOf(project);
  const { plugins, secrets } = project;
  const { typescriptFolder } = project.bodies;
  if (bodies.length === 0 && plugins.length === 0 && (await findHooks(typescriptFolder)).length === 0)
    return undefined;
  const config = Object.create(null) as Record<string, Json>;
  for (const { path, value } of project.settings) config[path] = value;
  return openBodies({
    bodies,
    plugins,
    settings: served ? project.bodies : { ...project.bodies, reuse: 'anyone' },
    root: project.root,
    config,
    environment: process.env,
    host: siteHost(secrets, logger),
    output: (line) => logger?.info({ line }, 'a body printed'),
  });
}
