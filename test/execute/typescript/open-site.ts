import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ExecuteFailedError } from '../../../src/errors.js';
import { openBodies, type Bodies } from '../../../src/execute/typescript/open-bodies.js';
import type { TypeScriptBody } from '../../../src/model/endpoint.js';
import type { Json } from '../../../src/model/json.js';
import type { BodySettings, PluginSettings } from '../../../src/model/settings.js';
import { bodyFile, bodySettings, quietHost } from './bodies.js';

/** Files of a site: `plugins/<name>.ts` are its plugins, `typescript/<name>.ts` bodies, unless the name is `hooks`. */
export interface SiteFiles {
  readonly [path: string]: string;
}

export interface OpenedSite {
  readonly bodies: Bodies;
  /** What plugins, hooks and bodies logged or printed. */
  readonly lines: readonly string[];
  readonly body: (name: string) => TypeScriptBody;
  readonly run: (name: string) => Promise<Json>;
}

export interface SiteOptions {
  readonly config?: Json;
  readonly settings?: Partial<BodySettings>;
  readonly loadMs?: number;
}

const facts = { user: {}, request: {}, traceId: null, maxBytes: 100_000 };

function nameOf(path: string): string {
  return /([^/]+)\.ts$/.exec(path)?.[1] ?? '';
}

/** Opens the TypeScript of a site in a folder of its own, until the test ends. */
export async function openSite(files: SiteFiles, options: SiteOptions = {}): Promise<OpenedSite> {
  const root = mkdtempSync(join(tmpdir(), 'mxcp-typescript-site-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const paths = Object.keys(files);
  const plugins = paths
    .filter((path) => path.startsWith('plugins/'))
    .map((path, index): PluginSettings => {
      const origin = { file: 'mxcp-site.yml', line: 10 + index, column: 5 };
      return { name: nameOf(path), module: join(root, path), config: options.config ?? {}, origin };
    });
  const written = paths.filter((path) => /^typescript\/(?!hooks\.)\w+\.ts$/.test(path));
  const all = new Map(written.map((path) => [nameOf(path), bodyFile(root, path, [nameOf(path)])]));
  const lines: string[] = [];
  const body = (name: string): TypeScriptBody => all.get(name)!;
  const bodies = await openBodies({
    bodies: [...all.values()],
    plugins,
    host: {
      secret: (name) => {
        if (name !== 'service') throw new ExecuteFailedError('The site declares no secret of this name');
        return { token: 'of the service' };
      },
      log: (level, message) => lines.push(`${level}: ${message}`),
    },
    settings: bodySettings(root, options.settings),
    root,
    config: { 'duckdb.path': ':memory:' },
    environment: {},
    output: (line) => lines.push(line),
    ...(options.loadMs !== undefined && { loadMs: options.loadMs }),
  });
  onTestFinished(() => bodies.close());
  const run = async (name: string): Promise<Json> => {
    const signal = AbortSignal.timeout(10_000);
    const module = bodies.moduleOf(body(name));
    const loan = await bodies.lend(module, 'somebody', signal);
    try {
      return (await loan.worker.run({ module, args: {}, facts, host: quietHost, signal })).value;
    } finally {
      loan.giveBack();
    }
  };
  return { bodies, lines, body, run };
}
