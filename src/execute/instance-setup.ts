import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { DatabaseUnavailableError } from '../errors.js';
import { locate, type SourceText } from '../lib/source-text.js';
import type { DatabaseSettings, Secret } from '../model/settings.js';
import { registerCallerFunctions, type CallerRegistry } from './caller-functions.js';
import { operatorText, readFailure, withoutQuotes } from './duckdb-error.js';
import { loadExtensions } from './extensions.js';
import { enterSandbox } from './sandbox.js';
import { splitStatements } from './lex-sql.js';
import { unreadPart } from './refused-statement.js';
import { createSecrets } from './secrets.js';
import { fromDuckdb } from './sql-problem.js';
import { literal, quoteName } from './sql-text.js';

/** What an instance is opened with. */
export interface InstanceSetup {
  readonly settings: DatabaseSettings;
  readonly secrets: readonly Secret[];
  readonly readonly: boolean;
  /** Instances of `:memory:` with the same name are one. */
  readonly memoryName: string;
  /** How long to wait for a file that another process holds, milliseconds. */
  readonly lockWaitMs: number;
  /** Folder from which relative file names are read. */
  readonly searchPath?: string;
}

/** Opens the file. Another process's lock is waited for until `lockWaitMs`, then named in the error. */
export async function openDuckdb(setup: InstanceSetup): Promise<DuckDBInstance> {
  const { path } = setup.settings;
  const deadline = Date.now() + setup.lockWaitMs;
  if (path !== ':memory:' && !setup.readonly) await makeFolder(path);
  for (let wait = 20; ; wait = Math.min(wait * 2, 500)) {
    try {
      return await DuckDBInstance.create(path, instanceOptions(setup));
    } catch (error) {
      const { message } = readFailure(error);
      const locked = message.includes('Could not set lock');
      if (!locked || Date.now() + wait > deadline) throw openError(path, message, locked, error);
    }
    await delay(wait);
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new DatabaseUnavailableError(`Cannot make the folder of the database ${path}: ${message}`, {
      cause: error,
    });
  }
}

/**
 * `disable_database_invalidation`: DuckDB would refuse everything after an internal error of one query; here that costs
 * one call, and only what it calls fatal itself ends the instance (`Health`).
 */
function instanceOptions({ settings, readonly, searchPath }: InstanceSetup): Record<string, string> {
  return {
    errors_as_json: 'true',
    autoinstall_known_extensions: 'false',
    allow_persistent_secrets: 'false',
    disable_database_invalidation: 'true',
    memory_limit: settings.memoryLimit ?? `${Math.floor(availableMemory() / 2)}B`,
    max_temp_directory_size: settings.maxTempDirectorySize,
    ...(searchPath !== undefined && { file_search_path: searchPath }),
    ...(settings.threads !== undefined && { threads: String(settings.threads) }),
    ...(settings.tempDirectory !== undefined && { temp_directory: settings.tempDirectory }),
    ...(!settings.externalAccess && {
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
    }),
    ...(readonly && settings.path !== ':memory:' && { access_mode: 'READ_ONLY' }),
  };
}

/** Bytes that this process may use: the cgroup's limit (v2, then v1) or the machine's memory. */
function availableMemory(): number {
  for (const file of ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']) {
    const limit = readNumber(file);
    if (limit !== undefined) return Math.min(limit, totalmem());
  }
  return totalmem();
}

function readNumber(file: string): number | undefined {
  try {
    const value = Number(readFileSync(file, 'utf8').trim());
    return Number.isSafeInteger(value) && value > 0 ? value : undefined;
  } catch {
    return undefined;
  }
}

function openError(path: string, message: string, locked: boolean, cause: unknown): DatabaseUnavailableError {
  if (!locked) return new DatabaseUnavailableError(`Cannot open the database ${path}: ${message}`, { cause });
  const holder = /held in (.+? \(PID \d+\))/.exec(message)?.[1];
  const by = holder ? `another process holds it: ${holder}` : 'another process holds it';
  return new DatabaseUnavailableError(
    `Cannot open the database ${path}: ${by}. Stop that process, or open the file read-only in both (duckdb.readonly)`,
    { cause },
  );
}

/** Everything that happens once per instance, in this order; what fails is named in `DatabaseUnavailableError`. */
export async function setUpInstance(
  duckdb: DuckDBInstance,
  setup: InstanceSetup,
  callers: CallerRegistry,
): Promise<void> {
  const connection = await duckdb.connect();
  const { settings } = setup;
  try {
    registerCallerFunctions(connection, callers);
    await step('set duckdb.timezone', () =>
      connection.run(`SET GLOBAL TimeZone = ${literal(settings.timezone)}`),
    );
    await loadExtensions(connection, settings.extensions);
    await createSecrets(connection, setup.secrets);
    for (const entry of settings.attach) {
      const mode = entry.readonly ? ' (READ_ONLY)' : '';
      const sql = `ATTACH ${literal(entry.url)} AS ${quoteName(entry.name)}${mode}`;
      await step(`attach '${entry.name}'`, () => connection.run(sql), mayHoldCredentials(entry.url));
    }
    await runInit(connection, settings);
    if (!settings.externalAccess) await enterSandbox(connection, settings);
  } finally {
    connection.closeSync();
  }
}

async function runInit(connection: DuckDBConnection, { init }: DatabaseSettings): Promise<void> {
  if (!init) return;
  for (const segment of splitStatements(init.text)) {
    const unread = unreadPart(segment);
    if (unread) throw initError(init, unread.offset, unread.message);
    try {
      await connection.run(segment.text);
    } catch (error) {
      const statement = { sql: segment.text, several: false, segment };
      throw initError(init, fromDuckdb(error, statement).offset, operatorText(readFailure(error)), error);
    }
  }
}

function initError(
  init: SourceText,
  offset: number,
  message: string,
  cause?: unknown,
): DatabaseUnavailableError {
  const { file, line, column } = locate(init, offset);
  return new DatabaseUnavailableError(`duckdb.init failed at ${file}:${line}:${column}: ${message}`, {
    cause,
  });
}

/** True for `postgres://user:secret@host/db` and `host=h password=secret`: what else it is nobody knows but the extension. */
function mayHoldCredentials(url: string): boolean {
  return /[@=]/.test(url);
}

/** `quotesSecrets`: DuckDB's words quote what holds a secret, in whatever form it was read. */
async function step(what: string, work: () => Promise<unknown>, quotesSecrets = false): Promise<void> {
  try {
    await work();
  } catch (error) {
    const text = operatorText(readFailure(error));
    const shown = quotesSecrets ? withoutQuotes(text) : text;
    throw new DatabaseUnavailableError(`Cannot ${what}: ${shown}`, quotesSecrets ? {} : { cause: error });
  }
}

/** Settings of the second that the running instance of the first cannot take over. */
export function changedSettings(running: InstanceSetup, wanted: InstanceSetup): string[] {
  const before = comparable(running);
  return Object.entries(comparable(wanted))
    .filter(([name, value]) => before[name] !== value)
    .map(([name]) => name);
}

function comparable({ settings, readonly }: InstanceSetup): Record<string, string> {
  return {
    'duckdb.readonly': String(readonly),
    'duckdb.init': settings.init?.text ?? '',
    'duckdb.threads': String(settings.threads),
    'duckdb.memory_limit': settings.memoryLimit ?? '',
    'duckdb.timezone': settings.timezone,
    'duckdb.external_access': String(settings.externalAccess),
    'duckdb.allowed_directories': JSON.stringify(settings.allowedDirectories),
    'duckdb.allowed_paths': JSON.stringify(settings.allowedPaths),
    'duckdb.attach': JSON.stringify(settings.attach),
    'duckdb.extensions': JSON.stringify(settings.extensions),
    'duckdb.temp_directory': settings.tempDirectory ?? '',
    'duckdb.max_temp_directory_size': settings.maxTempDirectorySize,
  };
}
