import type { Command } from 'commander';
import type { Logger } from '../engine/logger.js';
import { clientUrl } from '../engine/public-url.js';
import type { Runtime } from '../engine/runtime.js';
import type { Persona } from '../model/caller.js';
import type { Project } from '../model/project.js';
import { UsageError, type Problem } from '../errors.js';
import { isLoopbackHost } from '../lib/loopback.js';
import { mayGenerateSecret } from '../project/site-secret.js';
import { bannerText, servingReport, type Serving } from './banner.js';
import type { Context, ExitCode, Invoke } from './context.js';
import { environmentFlag, environmentText } from './environment-flag.js';
import { createLogger } from './logger.js';
import { openSite, siteKeys, type Site } from './open-site.js';
import { printNote, printResult } from './output.js';
import { namedPersona } from './parse-persona.js';
import { printProblems } from './problems/print-problems.js';
import { addServeOptions, overridesOf, type ServeOptions } from './serve-options.js';

/** A transport that serves a runtime until `ended`, or until it is closed. */
interface Service {
  readonly url?: string;
  readonly ended: Promise<void>;
  readonly close: (graceMs: number) => Promise<void>;
}

interface Opened {
  readonly context: Context;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly persona: Persona | undefined;
}

const endless = new Promise<void>(() => undefined);

async function startHttp({ runtime, logger, persona }: Opened): Promise<Service> {
  const { serveHttp } = await import('../transport/serve-http.js');
  const settings = runtime.project.transport.http;
  const options = { runtime: () => runtime, settings, logger, ...(persona && { persona }) };
  try {
    const { url, close } = await serveHttp(options);
    return { url, close, ended: endless };
  } catch (cause) {
    if (!(cause instanceof Error) || !('syscall' in cause)) throw cause;
    const place = `${settings.host}:${settings.port}`;
    const taken = 'code' in cause && cause.code === 'EADDRINUSE';
    const why = taken ? 'another program listens there; use --port N' : cause.message;
    throw new UsageError(`The server cannot listen on ${place}: ${why}`, { cause });
  }
}

async function startStdio({ context, runtime, logger, persona }: Opened): Promise<Service> {
  const { serveStdio } = await import('../transport/serve-stdio.js');
  const { stdin, stdout } = context.world;
  const graceMs = runtime.project.transport.shutdownGraceMs;
  const server = serveStdio({
    runtime: () => runtime,
    input: stdin,
    output: stdout,
    logger,
    graceMs,
    ...(persona && { persona }),
  });
  return { ended: server.closed, close: () => server.close() };
}

/** `--as` is for development: nobody but this machine may be taken for somebody (spec page 10). */
function assumedPersona(project: Project, name: string | undefined): Persona | undefined {
  if (name === undefined) return undefined;
  const { auth, transport } = project;
  const isOurs = isLoopbackHost(transport.http.host) && auth.open && !auth.allowAnonymous;
  if (transport.provider === 'stdio' || isOurs) return namedPersona(project, name);
  throw new UsageError(
    '--as needs stdio, or a loopback address without sign-in and without auth.allow_anonymous; --no-auth switches sign-in off',
  );
}

/** More connections than threads would let queries wait for each other (spec page 14, trap 1). */
function poolWarnings({ database, origin }: Project, env: Site['env']): readonly Problem[] {
  const threads = Number(env['UV_THREADPOOL_SIZE'] ?? 4);
  if (database.pool + 4 <= threads) return [];
  const message = `duckdb.pool is ${database.pool}, and there are ${threads} threads`;
  const remedy = `Start with UV_THREADPOOL_SIZE=${database.pool + 4}`;
  return [{ severity: 'warning', rule: 'few-threads', message, remedy, origin }];
}

function announce(context: Context, serving: Serving, warnings: readonly Problem[]): void {
  printProblems(context, warnings);
  if (serving.url === undefined) printNote(context, bannerText(serving, context.colors.stderr));
  else printResult(context, servingReport(serving), () => bannerText(serving, context.colors.stdout));
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** Serves until the client hangs up or a signal comes; then drains for `shutdown_grace` (spec page 11, "Shutdown"). Gives what is left of it, milliseconds. */
async function serveUntilStopped(opened: Opened, site: Site, as: string | undefined): Promise<number> {
  const { context, runtime } = opened;
  const { project } = runtime;
  const stop = context.world.interrupts();
  const start = project.transport.provider === 'stdio' ? startStdio : startHttp;
  const service = await start(opened);
  const warnings = [...project.warnings, ...runtime.warnings, ...poolWarnings(project, site.env)];
  const serving = {
    runtime,
    ...(service.url !== undefined && {
      url: clientUrl(project, service.url),
      listening: service.url,
    }),
    ...(as !== undefined && { as }),
  };
  announce(context, serving, warnings);
  await Promise.race([service.ended, aborted(stop)]);
  printNote(context, 'Stopping');
  const graceEnds = performance.now() + project.transport.shutdownGraceMs;
  await service.close(project.transport.shutdownGraceMs);
  return Math.max(0, graceEnds - performance.now());
}

/**
 * Validates everything, then serves it. Nothing listens before everything that can be wrong was found. Ends with 0 after
 * SIGTERM, SIGINT or, over stdio, when the client hangs up.
 */
export async function serve(context: Context, options: ServeOptions): Promise<ExitCode> {
  const overrides = overridesOf(options);
  const lenient = (env: Site['env']): boolean =>
    options.ignoreErrors ?? environmentFlag(env, 'MXCP_IGNORE_ERRORS') ?? false;
  const site = await openSite(context, { overrides, ignoreErrors: lenient, thorough: true });
  const { project, env } = site;
  const as = options.as ?? environmentText(env, 'MXCP_AS');
  const persona = assumedPersona(project, as);
  const logger = createLogger(context, project.logging);
  const stdio = project.transport.provider === 'stdio';
  const { openRuntime } = await import('../engine/open-runtime.js');
  const runtime = await openRuntime(project, {
    ...siteKeys(site, mayGenerateSecret(project)),
    logger,
    purpose: 'serve',
    transport: stdio ? 'stdio' : 'http',
    ignoreErrors: lenient(env),
  });
  let graceLeftMs = 0;
  try {
    graceLeftMs = await serveUntilStopped({ context, runtime, logger: runtime.logger, persona }, site, as);
    return 0;
  } finally {
    await runtime.close(graceLeftMs);
  }
}

/** `mxcp serve`. */
export function configure(command: Command, invoke: Invoke): void {
  addServeOptions(command).action((options: ServeOptions) => invoke((context) => serve(context, options)));
}
