import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BodyHost } from '../../../src/execute/typescript/body-host.js';
import type { TypeScriptBody } from '../../../src/model/endpoint.js';
import type { BodySettings } from '../../../src/model/settings.js';

/** A body in a file of a site. */
export function bodyFile(root: string, file: string, exportNames: readonly string[]): TypeScriptBody {
  const origin = { file, line: 1, column: 1 };
  const text = readFileSync(join(root, file), 'utf8');
  return { language: 'typescript', file: join(root, file), exportNames, source: { text, origin, indent: 0 } };
}

export function bodySettings(root: string, more: Partial<BodySettings> = {}): BodySettings {
  return {
    isolation: 'process',
    reuse: 'caller',
    workers: 2,
    queue: 8,
    memoryBytes: 256 * 1024 * 1024,
    env: [],
    typescriptFolder: join(root, 'typescript'),
    pluginsFolder: join(root, 'plugins'),
    ...more,
  };
}

const nothing = (): void => undefined;

/** A server that does nothing for a body. */
export const quietHost: BodyHost = {
  query: () => Promise.resolve([]),
  secret: () => ({}),
  externalToken: () => Promise.resolve(undefined),
  elicit: () => Promise.resolve(null),
  callEndpoint: () => Promise.resolve(null),
  takeRows: () => true,
  log: nothing,
  progress: nothing,
  businessEvent: nothing,
  fetchStarted: nothing,
  fetchEnded: nothing,
  hide: (said) => said,
};
