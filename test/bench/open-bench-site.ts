import { join } from 'node:path';
import { openRuntime } from '../../src/engine/open-runtime.js';
import type { Runtime } from '../../src/engine/runtime.js';
import type { CallRequest, RequestContext } from '../../src/model/call.js';
import type { EndpointKind } from '../../src/model/rule.js';
import { loadProject } from '../../src/project/load.js';
import { writeSite } from './processes.js';

/** The site secret of every site that is opened here. */
export const benchSecret = 'a secret for benchmarks only';

const quiet = (): void => undefined;

/** Opens a site in this process, as `serve` does. */
export async function openBenchSite(files: Readonly<Record<string, string>>): Promise<Runtime> {
  const root = writeSite(files);
  const project = await loadProject({ cwd: root, env: { HOME: root } });
  return openRuntime(project, {
    siteSecret: benchSecret,
    stateDirectory: join(root, 'state'),
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    purpose: 'serve',
    transport: 'http',
  });
}

const context: RequestContext = {
  transport: 'http',
  ip: '127.0.0.1',
  id: 'bench',
  time: Date.now() * 1000,
  headers: {},
};

/** One wish of the anonymous caller. */
export function wish(runtime: Runtime, name: string, args: object, kind: EndpointKind = 'tool'): CallRequest {
  return { kind, name, arguments: args, caller: runtime.callerOf('http'), context };
}
