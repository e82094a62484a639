import { createDescriber } from '../audit/describe-call.js';
import { describeServerEvent, type RuleText } from '../audit/describe-event.js';
import type { AuditLog } from '../audit/audit-log.js';
import { openAuditLog } from '../audit/open-audit-log.js';
import { ConfigInvalidError } from '../errors.js';
import { deriveKey } from '../lib/keys.js';
import type { Transport } from '../model/call.js';
import type { Project } from '../model/project.js';
import { localCallers } from './callers.js';
import { compileProject, type Compilation } from './compile.js';
import { createElicitStates } from './elicit-state.js';
import { countInFlight } from './in-flight.js';
import { createListingCaches } from './listing-cache.js';
import type { Logger } from './logger.js';
import { openProjectBodies } from './open-project-bodies.js';
import { openProjectDatabase } from './open-project-database.js';
import { buildRegistry } from './registry.js';
import type { Runtime } from './runtime.js';

/** How a project is opened. */
export interface OpenOptions {
  /** Root of the internal keys (spec page 06, "One site secret"). */
  readonly siteSecret: string;
  /** Where a second copy of the audit log's heads is kept. */
  readonly stateDirectory?: string;
  readonly logger: Logger;
  /** `serve` also records start and stop; `run` and `test` are recorded when `audit.cli` and `audit.test` say so. */
  readonly purpose: 'serve' | 'run' | 'test';
  readonly transport: Transport;
  /** Overrides `duckdb.readonly`. */
  readonly readonly?: boolean;
  /** Endpoints with errors are left out instead of failing the start. */
  readonly ignoreErrors?: boolean;
}

function refuseProblems(project: Project, compilation: Compilation, ignoreErrors: boolean): void {
  const fatal = compilation.problems.some(({ severity, endpoint }) => {
    return severity === 'error' && !(ignoreErrors && endpoint !== undefined);
  });
  if (fatal) throw new ConfigInvalidError([...project.warnings, ...compilation.problems]);
}

/** Endpoints that compile left out, so that calling one says why it is not served. */
function leftOut(project: Project, compilation: Compilation): Project['broken'] {
  const compiled = new Set(compilation.operations.map(({ endpoint }) => endpoint));
  const out = project.endpoints.filter((endpoint) => !compiled.has(endpoint));
  return [...project.broken, ...out.map(({ kind, name, origin }) => ({ kind, name, file: origin.file }))];
}

function isRecorded(project: Project, purpose: OpenOptions['purpose']): boolean {
  if (purpose === 'serve') return true;
  return purpose === 'run' ? project.audit.cli : project.audit.test;
}

function openLog(project: Project, options: OpenOptions): Promise<AuditLog> {
  const { siteSecret, stateDirectory, logger, transport, purpose } = options;
  const enabled = project.audit.enabled && isRecorded(project, purpose);
  return openAuditLog({
    settings: { ...project.audit, enabled },
    siteSecret,
    stateDirectory,
    transport,
    reserve: purpose === 'serve',
    warn: (message, error) => logger.warn({ err: error }, message),
  });
}

/**
 * Compiles a project against its database and opens everything that calls need. Throws `CONFIG_INVALID` with every
 * problem, `EXECUTE_DATABASE_UNAVAILABLE`, or `AUDIT_UNAVAILABLE` when the log cannot be written.
 */
export async function openRuntime(project: Project, options: OpenOptions): Promise<Runtime> {
  const { siteSecret, logger, ignoreErrors = false } = options;
  const { audit: auditSettings, digest } = project;
  const database = await openProjectDatabase(project, options.readonly);
  if (database.restartNeeded.length > 0) {
    logger.warn({ settings: database.restartNeeded }, 'changed settings take effect after a restart');
  }
  let bodies: Parts['bodies'];
  try {
    bodies = await openProjectBodies(project, logger);
    const hashKey = deriveKey(siteSecret, 'hash-mask').export();
    const compilation = await compileProject({ project, database, bodies, logger, hashKey });
    refuseProblems(project, compilation, ignoreErrors);
    const describer = createDescriber({ settings: auditSettings, siteSecret, projectDigest: digest });
    const registry = buildRegistry(compilation.operations, leftOut(project, compilation));
    if (options.purpose === 'serve') await bodies?.warm();
    const audit = await openLog(project, options);
    const parts = { project, registry, database, bodies, audit, describer, logger };
    return await started(assemble(parts, compilation, options), options);
  } catch (error) {
    await bodies?.close();
    await database.close();
    throw error;
  }
}

/** Puts the start of a server on record. When that fails, the log is closed again. */
async function started(runtime: Runtime, { purpose, transport, logger }: OpenOptions): Promise<Runtime> {
  if (purpose !== 'serve') return runtime;
  try {
    await recordServerEvent(runtime, 'start', transport);
    return runtime;
  } catch (error) {
    await runtime.audit.close().catch((err: unknown) => logger.warn({ err }, 'the log could not be closed'));
    throw error;
  }
}

type Parts = Pick<Runtime, 'project' | 'registry' | 'database' | 'bodies' | 'audit' | 'describer' | 'logger'>;

function assemble(parts: Parts, { roles, problems }: Compilation, options: OpenOptions): Runtime {
  const inFlight = countInFlight();
  const { audit, database } = parts;
  const runtime: Runtime = {
    ...parts,
    elicitStates: createElicitStates(options.siteSecret),
    warnings: problems.filter(({ severity }) => severity === 'warning'),
    listings: createListingCaches(parts.registry),
    callerOf: localCallers(roles, (note) => options.logger.warn({ note }, 'the roles of a caller')),
    enter: inFlight.enter,
    stopping: inFlight.signal,
    running: inFlight.count,
    ready: () => inFlight.open() && audit.writable() && !database.exhausted(),
    close: async (graceMs = 0) => {
      await inFlight.drain(graceMs);
      try {
        if (options.purpose === 'serve') await recordServerEvent(runtime, 'stop', options.transport);
      } finally {
        await closeAll(parts);
      }
    },
  };
  return runtime;
}

/** A log that cannot be closed is no reason to leave workers running or the database open. */
async function closeAll({ audit, bodies, database }: Parts): Promise<void> {
  try {
    await audit.close();
  } finally {
    await bodies?.close();
    await database.close();
  }
}

/** The texts of all effective rules, so that the log says what a rule's hash meant. */
function ruleTexts({ endpoints }: Project): RuleText[] {
  const rules = new Map<string, RuleText>();
  for (const { policies } of endpoints) {
    for (const rule of [...policies.input, ...policies.output]) {
      const where = 'where' in rule ? ` where ${rule.where.text}` : '';
      const text = `${rule.action} when ${rule.condition?.text ?? 'true'}${where}`;
      rules.set(`${rule.id} ${rule.hash}`, { id: rule.id, hash: rule.hash, text });
    }
  }
  return [...rules.values()];
}

async function recordServerEvent(
  runtime: Runtime,
  event: 'start' | 'stop',
  transport: Transport,
): Promise<void> {
  const { project, registry, audit, describer } = runtime;
  const count = (kind: 'tool' | 'resource' | 'prompt'): number => registry.list(kind).length;
  const details = {
    project: project.name,
    profile: project.profile,
    tools: count('tool'),
    resources: count('resource'),
    prompts: count('prompt'),
  };
  const rules = event === 'start' ? ruleTexts(project) : [];
  for (const entry of describeServerEvent(describer, { event, transport, details, rules }))
    await audit.append(entry);
}
