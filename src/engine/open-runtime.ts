import { createDescriber } from '../audit/describe-call.js';
import { describeServerEvent, type RuleText } from '../audit/describe-event.js';
import type { AuditLog } from '../audit/audit-log.js';
import { openAuditLog } from '../audit/open-audit-log.js';
import { ConfigInvalidError } from '../errors.js';
import { deriveKey } from '../lib/keys.js';
import type { Transport } from '../model/call.js';
import type { Project } from '../model/project.js';
import type { InputRule, OutputRule } from '../model/rule.js';
import { openProjectAuth } from './open-project-auth.js';
import { localCallers, verifiedCallers } from './callers.js';
import { compileProject, type Compilation } from './compile.js';
import { createElicitStates } from './elicit-state.js';
import { countInFlight } from './in-flight.js';
import { createListingCaches } from './listing-cache.js';
import type { Logger } from './logger.js';
import { openProjectBodies } from './open-project-bodies.js';
import { openProjectDatabase } from './open-project-database.js';
import { openRates } from './rates.js';
import { redactedLogger } from './redacted-logger.js';
import { buildRegistry } from './registry.js';
import { createScopeRules } from './scope-rules.js';
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
export async function openRuntime(project: Project, given: OpenOptions): Promise<Runtime> {
  const options = { ...given, logger: redactedLogger(given.logger, project.audit) };
  const { siteSecret, logger, ignoreErrors = false } = options;
  const { audit: auditSettings, digest } = project;
  const database = await openProjectDatabase(project, options.readonly);
  if (database.restartNeeded.length > 0) {
    logger.warn({ settings: database.restartNeeded }, 'changed settings take effect after a restart');
  }
  let bodies: Parts['bodies'];
  try {
    bodies = await openProjectBodies(project, options.purpose === 'serve', logger);
    const hashKey = deriveKey(siteSecret, 'hash-mask').export();
    const compilation = await compileProject({ project, database, bodies, logger, hashKey });
    refuseProblems(project, compilation, ignoreErrors);
    const describer = createDescriber({ settings: auditSettings, siteSecret, projectDigest: digest });
    const registry = buildRegistry(compilation.operations, leftOut(project, compilation));
    if (options.purpose === 'serve') await bodies?.warm();
    const audit = await openLog(project, options);
    const scopes = createScopeRules(project, registry, compilation.roles);
    const core = { project, registry, database, bodies, audit, describer, logger, scopes };
    const parts = await openAround(core, compilation, options);
    return await started(assemble(parts, compilation, options), options);
  } catch (error) {
    await bodies?.close();
    await database.close();
    throw error;
  }
}

/** Opens what is around calls: limits and, for a server, the ways in. When that fails, the log is closed again. */
async function openAround(core: Core, { roles }: Compilation, options: OpenOptions): Promise<Parts> {
  const { project, logger } = core;
  const served = options.purpose === 'serve' && options.transport === 'http';
  const rates = await openRates(project, logger, served);
  try {
    const auth =
      served && !project.auth.open
        ? await openProjectAuth({ ...core, roles, siteSecret: options.siteSecret })
        : undefined;
    return { ...core, rates, auth };
  } catch (error) {
    await closeQuietly({ rates, audit: core.audit }, logger);
    throw error;
  }
}

/** Puts the start of a server on record. When that fails, what was opened for it is closed again. */
async function started(runtime: Runtime, { purpose, transport, logger }: OpenOptions): Promise<Runtime> {
  if (purpose !== 'serve') return runtime;
  try {
    await recordServerEvent(runtime, 'start', transport);
    return runtime;
  } catch (error) {
    await closeQuietly(runtime, logger);
    throw error;
  }
}

type Core = Pick<
  Runtime,
  'project' | 'registry' | 'database' | 'bodies' | 'audit' | 'describer' | 'logger' | 'scopes'
>;
type Parts = Core & Pick<Runtime, 'rates' | 'auth'>;

function assemble(parts: Parts, { roles, problems }: Compilation, options: OpenOptions): Runtime {
  const inFlight = countInFlight();
  let closed: Promise<void> | undefined;
  const close = async (graceMs: number): Promise<void> => {
    await inFlight.drain(graceMs);
    try {
      if (options.purpose === 'serve') await recordServerEvent(runtime, 'stop', options.transport);
    } finally {
      await closeAll(parts);
    }
  };
  const { project, audit, database, registry, scopes } = parts;
  const note = (text: string): void => options.logger.warn({ note: text }, 'the roles of a caller');
  const runtime: Runtime = {
    ...parts,
    elicitStates: createElicitStates(options.siteSecret),
    warnings: problems.filter(({ severity }) => severity === 'warning'),
    listings: createListingCaches(registry, scopes),
    callerOf: localCallers(roles, note, project.authorization.scopes.anonymousScopes),
    callerFor: verifiedCallers(roles, scopes.allowed, note),
    enter: inFlight.enter,
    stopping: inFlight.signal,
    running: inFlight.count,
    ready: () => inFlight.open() && audit.writable() && !database.exhausted() && !database.failed(),
    close: (graceMs = 0) => (closed ??= close(graceMs)),
  };
  return runtime;
}

/** A store or log that cannot be closed is no reason to leave workers running or the database open. */
async function closeAll(parts: Parts): Promise<void> {
  try {
    await closeAround(parts);
  } finally {
    await parts.bodies?.close();
    await parts.database.close();
  }
}

type Around = Pick<Runtime, 'rates' | 'audit'> & { readonly auth?: Runtime['auth'] };

/** The log is last: what closes before it may still have to say something. */
async function closeAround({ auth, rates, audit }: Around): Promise<void> {
  try {
    await auth?.close();
    await rates.buckets.close();
  } finally {
    await audit.close();
  }
}

function closeQuietly(around: Around, logger: Logger): Promise<void> {
  return closeAround(around).catch((err: unknown) => logger.warn({ err }, 'something could not be closed'));
}

/** What a rule does, to which fields, when: as `server rules` has it. */
function ruleText(rule: InputRule | OutputRule): string {
  const fields = 'fields' in rule ? ` ${rule.fields.map(({ path }) => path).join(', ')}` : '';
  const mask = 'mask' in rule ? ` as ${rule.mask.kind}` : '';
  const where = 'where' in rule ? ` where ${rule.where.text}` : '';
  const mode = rule.mode === 'shadow' ? ' (shadow: without effect)' : '';
  return `${rule.action}${fields}${mask} when ${rule.condition?.text ?? 'true'}${where}${mode}`;
}

/** The texts of all effective rules, so that the log says what a rule's hash meant. */
function ruleTexts({ endpoints }: Project): RuleText[] {
  const rules = new Map<string, RuleText>();
  for (const { policies } of endpoints) {
    for (const rule of [...policies.input, ...policies.output]) {
      rules.set(`${rule.id} ${rule.hash}`, { id: rule.id, hash: rule.hash, text: ruleText(rule) });
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
