import { access } from 'node:fs/promises';
import { atMost } from '../lib/at-most.js';
import { leaveBehind } from '../lib/left-behind.js';
import type { SourceText } from '../lib/source-text.js';
import { InternalError } from '../errors.js';
import { StopSource, type StopSignal } from '../lib/stop-signal.js';
import type { Body } from '../model/endpoint.js';
import type { JsonObject } from '../model/json.js';
import type { PluginFunction } from '../model/plugin-function.js';
import type { DatabaseSettings, Secret } from '../model/settings.js';
import type { Parameter } from '../model/type-node.js';
import { attachedNames, detachOthers } from './attached.js';
import { createTextCheck } from './author-sql.js';
import { prepareBuiltin, runBuiltin } from './builtin-tools.js';
import { readDefinitions, reachingNames } from './catalog-names.js';
import { openCallSession, type CallSession } from './call-session.js';
import type { BodyFacts } from './check-body.js';
import { hasEffect, takesSource } from './function-effects.js';
import { acquireInstance, type InstanceReference } from './instance.js';
import { onlyReads } from './only-reads.js';
import type { DefinedFunctions, RefusedFunction } from './plugin-functions.js';
import { Pool } from './pool.js';
import { prepareSql, type CheckSite } from './prepare-sql.js';
import type { Preparation, PreparedBody } from './prepared-body.js';
import type { RunSite } from './lease-for.js';
import { runSql, type Execution, type RunCall } from './run-body.js';
import { openSession, type Session } from './session.js';

export interface DatabaseOptions {
  readonly settings: DatabaseSettings;
  readonly secrets: readonly Secret[];
  /** Overrides `settings.readonly`. */
  readonly readonly?: boolean;
  /** All bodies of the site: what `readonly: auto` is decided from. Without them `auto` means false. */
  readonly bodies?: readonly SourceText[];
  /** Databases of `:memory:` with the same name are one instance; absent: this one is nobody else's. */
  readonly memoryName?: string;
  /** How long to wait for a file that another process holds, milliseconds (default 5,000). */
  readonly lockWaitMs?: number;
  /** Folder from which SQL reads relative file names (the site root); absent: the working directory. */
  readonly searchPath?: string;
}

/** A site's database: checks bodies at load and runs them (spec page 07). */
export interface Database {
  readonly readonly: boolean;
  /** Settings that changed since the process opened this file; they take effect after a restart. */
  readonly restartNeeded: readonly string[];
  /**
   * Makes functions of plugins known to SQL, before bodies that use them are prepared, until this database is closed.
   * Gives those that cannot be defined.
   */
  readonly define: (functions: readonly PluginFunction[]) => Promise<readonly RefusedFunction[]>;
  /** Checks a body and decides how it runs. What is wrong with it is in `problems`, located in the author's file. */
  readonly prepare: (body: Body, parameters: readonly Parameter[]) => Promise<Preparation>;
  /** Runs a prepared body with canonical arguments for one call. */
  readonly run: (body: PreparedBody, args: JsonObject, call: RunCall) => Promise<Execution>;
  /** The database for one call of a TypeScript body and the calls that it makes; `signal` is the call's. */
  readonly session: (readOnly: boolean, signal: StopSignal) => CallSession;
  /** True while every place of the pool is held by a query that goes on though its call was answered long ago. */
  readonly exhausted: () => boolean;
  /** True after a fatal error: every call fails with `DatabaseUnavailableError` until the process starts again. */
  readonly failed: () => boolean;
  /**
   * Refuses new calls, waits until those that run are answered, and gives the instance back. Queries that go on though
   * their calls were answered are waited for `graceMs` at most (default 1,000); the instance is given back when they end.
   */
  readonly close: (graceMs?: number) => Promise<void>;
}

let unnamed = 0;

/** Opens a site's database, or joins the instance that the process already has for the same file. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { settings, secrets } = options;
  const readonly = await isReadonly(options);
  unnamed += 1;
  const instance = await acquireInstance({
    settings,
    secrets,
    readonly,
    memoryName: options.memoryName ?? `unnamed-${unnamed}`,
    lockWaitMs: options.lockWaitMs ?? 5000,
    ...(options.searchPath !== undefined && { searchPath: options.searchPath }),
  });
  try {
    return await openOn(instance, settings, readonly);
  } catch (error) {
    await instance.release();
    throw error;
  }
}

async function openOn(
  instance: InstanceReference,
  settings: DatabaseSettings,
  readonly: boolean,
): Promise<Database> {
  const open = async (): Promise<Session> => openSession(await instance.connect(), instance.callers);
  const pool = new Pool({ size: settings.pool, queue: settings.queue, open });
  const databases = [...(await attachedNames(instance))];
  const site: RunSite = { instance, pool, databases };
  const checks = await openChecks(instance, open);
  const removals: (() => void)[] = [];
  const checkText = createTextCheck(checks.site.effectCalls);
  return {
    readonly,
    restartNeeded: instance.restartNeeded,
    define: async (functions) => {
      const { refused, remove } = await defineIn(instance, functions);
      removals.push(remove);
      return refused;
    },
    prepare: (body, parameters) => prepare(checks.site, body, parameters),
    run: (body, args, call) =>
      body.kind === 'sql' ? runSql(site, body, args, call) : runBuiltin(site, body, args, call),
    session: (readOnly, signal) => openCallSession({ ...site, checkText }, readOnly, signal),
    exhausted: () => pool.exhausted(),
    failed: () => instance.health.failed(),
    close: async (graceMs = 1000) => {
      // Not before its last query ended: a file that is opened again would be two instances on one file.
      const released = pool.close().then(async () => {
        for (const remove of removals) remove();
        await checks.close();
        await instance.release();
      });
      await Promise.race([released, pool.answered()]);
      leaveBehind(released);
      await atMost(graceMs, released);
    },
  };
}

async function defineIn(
  instance: InstanceReference,
  functions: readonly PluginFunction[],
): Promise<DefinedFunctions> {
  const connection = await instance.connect();
  try {
    return await instance.functions.define(connection, functions);
  } finally {
    connection.closeSync();
  }
}

/** `auto`: the file is there already, and neither `init` nor any body does more than read. What is in memory has to be written first. */
async function isReadonly({ settings, bodies, ...options }: DatabaseOptions): Promise<boolean> {
  const { readonly = settings.readonly } = options;
  if (settings.path === ':memory:') return false;
  if (readonly !== 'auto') return readonly;
  if (!bodies || !onlyReads([...bodies, ...(settings.init ? [settings.init] : [])])) return false;
  return access(settings.path).then(
    () => true,
    () => false,
  );
}

async function prepare(site: CheckSite, body: Body, parameters: readonly Parameter[]): Promise<Preparation> {
  if (body.language === 'sql') return prepareSql(site, body.source, parameters);
  if (body.language === 'typescript')
    throw new InternalError('A TypeScript body is not prepared by the database');
  return { problems: [], body: prepareBuiltin(body.tool), dynamicUses: [] };
}

interface Checks {
  readonly site: CheckSite;
  readonly close: () => Promise<void>;
}

/** Bodies that are checked at once, beyond which the threads of this process and of DuckDB only wait for each other. */
const checksAtOnce = 4;
const nothingStops = new StopSource();

async function openChecks(instance: InstanceReference, open: () => Promise<Session>): Promise<Checks> {
  const pool = new Pool({ size: checksAtOnce, queue: Infinity, open });
  const onConnection: CheckSite['onConnection'] = async (kind, work) => {
    const lease = await pool.lease(kind === 'shared' ? 'pooled' : 'alone', nothingStops);
    try {
      return await work(lease.session.connection);
    } finally {
      lease.giveBack(kind === 'shared' ? 'keep' : 'close');
    }
  };
  const definitions = await onConnection('shared', readDefinitions).catch(async (error: unknown) => {
    await pool.close();
    throw error;
  });
  return {
    site: {
      callers: instance.callers,
      onConnection,
      effectCalls: reachingNames(definitions, hasEffect),
      sourceCalls: reachingNames(definitions, takesSource),
      detachNew: (work) => detachingNew(instance, work),
    },
    close: () => pool.close(),
  };
}

async function detachingNew(instance: InstanceReference, work: () => Promise<BodyFacts>): Promise<BodyFacts> {
  const unlock = await instance.lockAttach();
  try {
    const before = await attachedNames(instance);
    try {
      return await work();
    } finally {
      await detachOthers(instance, before);
    }
  } finally {
    unlock();
  }
}
