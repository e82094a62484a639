import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import type { Logger } from './engine/logger.js';
import { openRuntime } from './engine/open-runtime.js';
import { call as callOperation } from './engine/pipeline.js';
import type { Runtime } from './engine/runtime.js';
import { nowMicros } from './lib/now-micros.js';
import type { CallRequest, RequestContext, Transport } from './model/call.js';
import type { Caller, Persona } from './model/caller.js';
import type { Outcome } from './model/outcome.js';
import { loadProject } from './project/load.js';
import type { Overrides } from './project/overrides.js';
import { mayGenerateSecret, secretFile, siteSecret } from './project/site-secret.js';
import { serveHttp } from './transport/serve-http.js';

/** Which site a program embeds. */
export interface SiteOptions {
  /** A folder of the site, or its site file. */
  readonly site: string;
  readonly profile?: string;
  /** The user config; default `~/.mxcp/config.yml`. */
  readonly config?: string;
  /** Default: the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default: nothing is logged. A pino logger fits. */
  readonly logger?: Logger;
}

const nothing = (): void => undefined;
const silent: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

async function open(options: SiteOptions, transport: Transport, overrides?: Overrides): Promise<Runtime> {
  const { site, profile, config, env = process.env, logger = silent } = options;
  const project = await loadProject({ cwd: process.cwd(), site, profile, config, env, overrides });
  const mayGenerate = transport === 'api' || mayGenerateSecret(project);
  return openRuntime(project, {
    siteSecret: siteSecret(project, env, { mayGenerate }),
    stateDirectory: dirname(secretFile(project.name, env)),
    logger,
    purpose: 'serve',
    transport,
  });
}

/**
 * Opens a site for calls of this program. Everything that is wrong with it is found now: throws `CONFIG_INVALID` with every
 * problem, and what else `mxcp serve` would refuse to start with. `close` it at the end.
 */
export function openProject(options: SiteOptions): Promise<Runtime> {
  return open(options, 'api');
}

/** A call of an embedding program. */
export interface EmbeddedCall extends Pick<CallRequest, 'name' | 'signal' | 'client'> {
  /** Default: `tool`. */
  readonly kind?: CallRequest['kind'];
  readonly arguments?: unknown;
  /**
   * Who is calling, as this program has found out: who it says so is believed, and on record as asserted. Default: nobody,
   * an anonymous caller.
   */
  readonly user?: Persona;
  readonly caller?: Caller;
  readonly context?: RequestContext;
}

/**
 * Calls one endpoint through the whole pipeline: rules, limits, audit. Resolves with how it ended, denials and failures
 * included; rejects only with `AUDIT_UNAVAILABLE`, and then nothing may be told of the result.
 */
export function call(runtime: Runtime, wish: EmbeddedCall): Promise<Outcome> {
  const { kind = 'tool', user, caller, context, arguments: args, ...rest } = wish;
  return callOperation(runtime, {
    ...rest,
    kind,
    arguments: args,
    caller: caller ?? runtime.callerOf('api', user),
    context: context ?? { transport: 'api', id: randomUUID(), time: nowMicros(), headers: {} },
  });
}

/** A server inside of a program. */
export interface EmbeddedServer {
  /** Address of the MCP endpoint. */
  readonly url: string;
  /** What it serves, for calls of this program. */
  readonly runtime: Runtime;
  /** Lets running calls end for as long as the site says, cancels the rest, and closes everything. */
  readonly close: () => Promise<void>;
}

/** Serves a site over HTTP, as `mxcp serve` does. `port`: instead of the site's; 0 takes a free one. */
export async function createServer(
  options: SiteOptions & { readonly port?: number },
): Promise<EmbeddedServer> {
  const { port } = options;
  const runtime = await open(options, 'http', { transport: 'streamable-http', port });
  const { http: settings, shutdownGraceMs } = runtime.project.transport;
  try {
    const server = await serveHttp({ runtime: () => runtime, settings, logger: runtime.logger });
    const close = async (): Promise<void> => {
      const graceEnds = performance.now() + shutdownGraceMs;
      try {
        await server.close(shutdownGraceMs);
      } finally {
        await runtime.close(Math.max(0, graceEnds - performance.now()));
      }
    };
    return { url: server.url, runtime, close };
  } catch (error) {
    await runtime.close();
    throw error;
  }
}
