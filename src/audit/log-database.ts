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

/** Runs work on a database that is closed afterwards; what DuckDB throws becomes `AuditQueryError`. */
export async function withLogDatabase<T>(
  work: (connection: DuckDBConnection) => Promise<T>,
  path?: string,
): Promise<T> {
  const database = await openLogDatabase(path);
  try {
    return await work(database.connection);
  } catch (error) {
    throw readFailure(error);
  } finally {
    database.close();
  }
}

/** An error of DuckDB as one of ours. The message keeps its first line only: the rest quotes the statement. */
export function readFailure(error: unknown): AuditQueryError {
  if (error instanceof AuditQueryError) return error;
  const why = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : '';
  return new AuditQueryError(`The audit log cannot be read: ${why}`, { cause: error });
}
