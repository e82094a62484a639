import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openRuntime } from '../../src/engine/open-runtime.js';
import type { Runtime } from '../../src/engine/runtime.js';
import { loadProject } from '../../src/project/load.js';

export const siteRoot = fileURLToPath(new URL('../../examples/site', import.meta.url));

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export interface OpenSite {
  readonly runtime: Runtime;
  readonly close: () => Promise<void>;
}

/** The example site, ready for calls that are not recorded. */
export async function openExampleSite(): Promise<OpenSite> {
  const folder = await mkdtemp(join(tmpdir(), 'mxcp-example-'));
  const project = await loadProject({
    cwd: siteRoot,
    env: { HOME: folder },
    envFile: false,
  });
  const runtime = await openRuntime(project, {
    siteSecret: 'a secret for tests of the example',
    logger: silent,
    purpose: 'test',
    transport: 'cli',
  });
  return {
    runtime,
    close: async () => {
      await runtime.close();
      await rm(folder, { recursive: true });
    },
  };
}
