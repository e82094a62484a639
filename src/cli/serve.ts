import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Logger } from '../engine/logger.js';
import type { Runtime } from '../engine/runtime.js';
import type { Persona } from '../model/caller.js';
import type { Project } from '../model/project.js';
import { UsageError, type Problem } from '../errors.js';
import { isLoopbackHost } from '../transport/http/host-guard.js';
import { bannerText, servingReport, type Serving } from './banner.js';
import type { Context, ExitCode, Invoke } from './context.js';
import { environmentFlag, environmentText } from './environment-flag.js';
import { createLogger } from './logger.js';
import { openSite, siteKeys, type Site } from './open-site.js';
import { printNote, printResult } from './output.js';
import { namedPersona } from './parse-persona.js';
import { printProblems } from './problems/print-problems.js';

export interface ServeOptions {
  readonly transport?: 'streamable-http' | 'stdio';
  readonly host?: string;
  readonly port?: number;
  readonly readonly?: true;
  readonly sqlTools?: boolean;
  readonly ignoreErrors?: true;
  readonly as?: string;
}

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
  const { provider, http } = project.transport;
  if (provider === 'stdio' || (isLoopbackHost(http.host) && !project.auth.allowAnonymous))
    return namedPersona(project, name);
  throw new UsageError('--as needs stdio, or a loopback address without auth.allow_anonymous');
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

/** Serves until the client hangs up or a signal comes; then drains for `shutdown_grace` (spec page 11, "Shutdown"). */
async function serveUntilStopped(opened: Opened, site: Site, as: string | undefined): Promise<void> {
  const { context, runtime } = opened;
  const { project } = runtime;
  const stop = context.world.interrupts();
  const start = project.transport.provider === 'stdio' ? startStdio : startHttp;
  const service = await start(opened);
  const warnings = [...project.warnings, ...runtime.warnings, ...poolWarnings(project, site.env)];
  const serving = {
    runtime,
    ...(service.url !== undefined && { url: service.url }),
    ...(as !== undefined && { as }),
  };
  announce(context, serving, warnings);
  await Promise.race([service.ended, aborted(stop)]);
  printNote(context, 'Stopping');
  await service.close(project.transport.shutdownGraceMs);
}

/**
 * Validates everything, then serves it. Nothing listens before everything that can be wrong was found. Ends with 0 after
 * SIGTERM, SIGINT or, over stdio, when the client hangs up.
 */
export async function serve(context: Context, options: ServeOptions): Promise<ExitCode> {
  const { transport, host, port, readonly, sqlTools } = options;
  const overrides = { transport, host, port, readonly, sqlTools };
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
    ...siteKeys(site, stdio || isLoopbackHost(project.transport.http.host)),
    logger,
    purpose: 'serve',
    transport: stdio ? 'stdio' : 'http',
    ignoreErrors: lenient(env),
  });
  try {
    await serveUntilStopped({ context, runtime, logger, persona }, site, as);
    return 0;
  } finally {
    await runtime.close(project.transport.shutdownGraceMs);
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  return port;
}

function parseTransport(text: string): string {
  if (text === 'streamable-http' || text === 'stdio') return text;
  const remedy =
    text === 'sse' ? 'sse is not served any more; use streamable-http.' : 'Use streamable-http or stdio.';
  throw new InvalidArgumentError(remedy);
}

function parseFlag(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new InvalidArgumentError('Give true or false.');
}

/** `mxcp serve`. */
export function configure(command: Command, invoke: Invoke): void {
  const transport = new Option('--transport <name>', 'streamable-http or stdio').argParser(parseTransport);
  const sqlTools = new Option('--sql-tools <flag>', 'serve the built-in SQL tools: true or false').argParser(
    parseFlag,
  );
  command
    .addOption(transport)
    .option('--host <host>', 'address to listen on (default: localhost)')
    .option('--port <port>', 'port to listen on (default: 8000; 0 takes a free one)', parsePort)
    .option('--readonly', 'open the database read-only')
    .addOption(sqlTools)
    .option('--ignore-errors', 'leave endpoints with errors out instead of refusing to start')
    .option('--stateless', 'accepted; HTTP is always served without sessions')
    .option('--as <name>', 'every caller is this user of the site (for development: stdio or loopback)')
    .action((options: ServeOptions) => invoke((context) => serve(context, options)));
}
