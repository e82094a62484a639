import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { AuditQueryError } from '../errors.js';

/** A DuckDB for reading logs: in memory, spilling to a folder of its own that goes with it. */
export interface LogDatabase {
  readonly connection: DuckDBConnection;
  close(): void;
}

/** Opens a database, in memory or, for an export, in a file. */
export async function openLogDatabase(path = ':memory:'): Promise<LogDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'mxcp-log-'));
  try {
    const instance = await DuckDBInstance.create(path, {
      memory_limit: '1GB',
      temp_directory: folder,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      preserve_insertion_order: 'false',
    });
    const connection = await instance.connect();
    return {
      connection,
      close: () => {
        connection.closeSync();
        instance.closeSync();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw readFailure(error);
  }
}

/** An interrupt that comes just before a statement starts is lost, so it is repeated. Milliseconds. */
const repeatMs = 10;

/** Interrupts what a connection runs from the moment on at which a signal is aborted. Gives what ends that. */
function interruptOn(signal: AbortSignal | undefined, connection: DuckDBConnection): () => void {
  let ticking: NodeJS.Timeout | undefined;
  const stop = (): void => {
    connection.interrupt();
    ticking = setInterval(() => connection.interrupt(), repeatMs);
  };
  signal?.addEventListener('abort', stop, { once: true });
  return () => {
    signal?.removeEventListener('abort', stop);
    clearInterval(ticking);
  };
}

/**
 * Runs work on a database that is closed afterwards, also when the signal is aborted before its end; what DuckDB throws
 * becomes `AuditQueryError`.
 */
export async function withLogDatabase<T>(
  work: (connection: DuckDBConnection) => Promise<T>,
  { path, signal }: { readonly path?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<T> {
  const database = await openLogDatabase(path);
  const rest = interruptOn(signal, database.connection);
  try {
    signal?.throwIfAborted();
    return await work(database.connection);
  } catch (error) {
    if (signal?.aborted === true) throw new AuditQueryError('Interrupted before the end', { cause: error });
    throw readFailure(error);
  } finally {
    rest();
    database.close();
  }
}

/** An error of DuckDB as one of ours. The message keeps its first line only: the rest quotes the statement. */
export function readFailure(error: unknown): AuditQueryError {
  if (error instanceof AuditQueryError) return error;
  const why = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : '';
  return new AuditQueryError(`The audit log cannot be read: ${why}`, { cause: error });
}
