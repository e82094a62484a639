import type { DuckDBConnection } from '@duckdb/node-api';
import { DatabaseUnavailableError } from '../errors.js';
import type { Extension } from '../model/settings.js';
import { readFailure } from './duckdb-error.js';
import { quoteName } from './sql-text.js';

/**
 * Loads the site's extensions: from what is built in or installed, else by installing them. Without network that fails
 * with an error that says how to install the file by hand.
 */
export async function loadExtensions(
  connection: DuckDBConnection,
  extensions: readonly Extension[],
): Promise<void> {
  for (const extension of extensions) await loadExtension(connection, extension);
}

async function loadExtension(connection: DuckDBConnection, { name, repository }: Extension): Promise<void> {
  if (await tryRun(connection, `LOAD ${quoteName(name)}`)) return;
  const from = repository ? ` FROM ${repository}` : '';
  try {
    await connection.run(`INSTALL ${quoteName(name)}${from}`);
    await connection.run(`LOAD ${quoteName(name)}`);
  } catch (error) {
    throw new DatabaseUnavailableError(
      `Cannot load the DuckDB extension '${name}': ${readFailure(error).message}. Without network, put ` +
        `${name}.duckdb_extension of this DuckDB version and platform into ~/.duckdb/extensions/<version>/<platform>/ ` +
        `(SELECT version() and PRAGMA platform name the two)`,
      { cause: error },
    );
  }
}

async function tryRun(connection: DuckDBConnection, sql: string): Promise<boolean> {
  try {
    await connection.run(sql);
    return true;
  } catch {
    return false;
  }
}
