import { openBodies, type Bodies } from '../execute/typescript/open-bodies.js';
import type { TypeScriptBody } from '../model/endpoint.js';
import type { Json } from '../model/json.js';
import type { Project } from '../model/project.js';
import type { Logger } from './logger.js';

function bodiesOf({ endpoints }: Project): TypeScriptBody[] {
  return endpoints.flatMap(({ body }) => (body?.language === 'typescript' ? [body] : []));
}

/** Bundles and loads a project's TypeScript bodies; undefined when it has none, and then nothing is started. */
export async function openProjectBodies(project: Project, logger?: Logger): Promise<Bodies | undefined> {
  const bodies = bodiesOf(project);
  if (bodies.length === 0) return undefined;
  const config = Object.create(null) as Record<string, Json>;
  for (const { path, value } of project.settings) config[path] = value;
  return openBodies({
    bodies,
    settings: project.bodies,
    root: project.root,
    config,
    environment: process.env,
    output: (line) => logger?.info({ line }, 'a body printed'),
  });
}
