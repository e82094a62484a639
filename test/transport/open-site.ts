import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openRuntime } from '../../src/engine/open-runtime.js';
import type { Logger } from '../../src/engine/logger.js';
import type { Runtime } from '../../src/engine/runtime.js';
import { ConfigInvalidError } from '../../src/errors.js';
import { loadProject } from '../../src/project/load.js';
import { type HttpServer, serveHttp, type ServeHttpOptions } from '../../src/transport/serve-http.js';

/** A logger that keeps its lines, so that a test can look for what must not be in them. */
function memoryLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const write = (fields: object, message: string): void => {
    lines.push(
      `${message} ${JSON.stringify(fields, (_key, value: unknown) => (value instanceof Error ? value.stack : value))}`,
    );
  };
  return { lines, debug: write, info: write, warn: write, error: write };
}

/** A site in a folder of its own, opened as `serve` opens it. */
export interface OpenSite {
  readonly runtime: Runtime;
  readonly logger: ReturnType<typeof memoryLogger>;
  /** Records of calls, in order. */
  readonly records: () => Record<string, unknown>[];
  readonly close: () => Promise<void>;
}

export async function openSite(
  files: Readonly<Record<string, string>>,
  transport: 'http' | 'stdio' = 'http',
): Promise<OpenSite> {
  const root = mkdtempSync(join(tmpdir(), 'mxcp-transport-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, 'site', name)), { recursive: true });
    writeFileSync(join(root, 'site', name), text);
  }
  const env = { HOME: root };
  const project = await loadProject({ cwd: join(root, 'site'), env });
  const logger = memoryLogger();
  const runtime = await openRuntime(project, {
    siteSecret: 'a secret of this test site only',
    stateDirectory: join(root, 'state'),
    logger,
    purpose: 'serve',
    transport,
  }).catch((error: unknown) => {
    const problems = error instanceof ConfigInvalidError ? error.problems : [];
    throw new Error(
      problems.map(({ origin, message }) => `${origin.file}:${origin.line} ${message}`).join('\n'),
      { cause: error },
    );
  });
  const folder = dirname(project.audit.path);
  return {
    runtime,
    logger,
    records: () =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.jsonl'))
        .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    close: async () => {
      await runtime.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** The same, served over HTTP on a free port. */
export interface ServedSite extends OpenSite {
  readonly server: HttpServer;
  readonly url: string;
}

export async function serveSite(
  files: Readonly<Record<string, string>>,
  options: Partial<Omit<ServeHttpOptions, 'settings'>> & {
    settings?: Partial<ServeHttpOptions['settings']>;
  } = {},
): Promise<ServedSite> {
  const site = await openSite(files);
  const { settings, ...rest } = options;
  const server = await serveHttp({
    runtime: () => site.runtime,
    logger: site.logger,
    ...rest,
    settings: { ...site.runtime.project.transport.http, host: '127.0.0.1', port: 0, ...settings },
  });
  return {
    ...site,
    server,
    url: server.url,
    close: async () => {
      await server.close(0);
      await site.close();
    },
  };
}
