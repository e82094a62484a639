import type { AddressInfo } from 'node:net';
import type { Logger } from '../engine/logger.js';
import type { Runtime } from '../engine/runtime.js';
import { ConfigInvalidError } from '../errors.js';
import type { Persona } from '../model/caller.js';
import type { Project } from '../model/project.js';
import type { HttpSettings } from '../model/settings.js';
import { createApp } from './http/create-app.js';
import { createDrain } from './http/drain.js';
import { isLoopbackHost } from '../lib/loopback.js';
import { listen } from './http/listen.js';
import { createSdkBridge } from './http/sdk-bridge.js';
import { defaultTimeouts, type Timeouts } from './http/timeouts.js';

/** What an HTTP server is made of. */
export interface ServeHttpOptions {
  /** The runtime that serves now. A reload swaps it; requests keep the one that they began with. */
  readonly runtime: () => Runtime;
  readonly settings: HttpSettings;
  readonly logger: Logger;
  /** Who every caller is taken to be (`serve --as`, for development). */
  readonly persona?: Persona;
  /** False sends every message through the SDK; the answers are the same (a test proves it), only slower. */
  readonly direct?: boolean;
  /** Bounds on slow clients, milliseconds; for tests. */
  readonly timeouts?: Partial<Timeouts>;
}

/** A server that listens. */
export interface HttpServer {
  /** Address of the MCP endpoint. */
  readonly url: string;
  /** Drains for `graceMs`: not ready, no new calls; then cancels what still runs, and closes every connection. */
  readonly close: (graceMs: number) => Promise<void>;
}

function refuseOpenServer(project: Project, settings: HttpSettings): void {
  if (!project.auth.open || project.auth.allowAnonymous || isLoopbackHost(settings.host)) return;
  throw new ConfigInvalidError([
    {
      severity: 'error',
      rule: 'anonymous-beyond-loopback',
      message: `Without authentication the server listens on loopback only, not on ${settings.host}`,
      remedy: 'Listen on 127.0.0.1, or set auth.allow_anonymous: true if everyone who can connect may call',
      origin: project.origin,
    },
  ]);
}

function urlOf({ address, family, port }: AddressInfo, { path, tls }: HttpSettings): string {
  return `${tls === undefined ? 'http' : 'https'}://${family === 'IPv6' ? `[${address}]` : address}:${port}${path}`;
}

/** What is sent beyond this machine without TLS can be read on the way, credentials included. */
function warnOfPlainHttp({ host, tls, trustProxy }: HttpSettings, logger: Logger): void {
  if (isLoopbackHost(host) || tls !== undefined || trustProxy.length > 0) return;
  logger.warn(
    { host },
    'plain http beyond loopback: set transport.http.tls, or trust_proxy behind a TLS proxy',
  );
}

/**
 * Serves MCP over streamable HTTP, both protocol eras at one address, with `/healthz` and `/readyz` beside it (spec pages
 * 06, 09 and 11). Throws `CONFIG_INVALID` when the site would be open beyond this machine without having said so, and the
 * system's error when the address cannot be listened on.
 */
export async function serveHttp(options: ServeHttpOptions): Promise<HttpServer> {
  const { runtime, settings, logger, persona, direct = true } = options;
  refuseOpenServer(runtime().project, settings);
  const drain = createDrain();
  const bridge = createSdkBridge(logger);
  const app = createApp({ runtime, settings, logger, drain, bridge, direct, ...(persona && { persona }) });
  await app.ready();
  const timeouts = { ...defaultTimeouts, ...options.timeouts };
  const listener = await listen({
    handler: (request, response) => app.routing(request, response),
    settings,
    timeouts,
    logger,
  });
  const url = urlOf(listener.address, settings);
  warnOfPlainHttp(settings, logger);
  logger.info({ url }, 'listening');
  return {
    url,
    close: async (graceMs) => {
      await drain.finish(graceMs);
      await bridge.close();
      await listener.close();
      await app.close();
    },
  };
}
