import type { DuckDBConnection } from '@duckdb/node-api';
import { DatabaseUnavailableError } from '../errors.js';
import type { DatabaseSettings } from '../model/settings.js';
import { readFailure } from './duckdb-error.js';
import { queryTexts } from './query-rows.js';
import { streamingBufferSetting } from './session.js';
import { literal } from './sql-text.js';

/** What `external_access: false` must read back as. */
const wanted = new Map([
  ['enable_external_access', 'false'],
  ['autoinstall_known_extensions', 'false'],
  ['autoload_known_extensions', 'false'],
  ['allow_community_extensions', 'false'],
  ['allow_persistent_secrets', 'false'],
  ['lock_configuration', 'true'],
]);

/**
 * Cuts an instance off from files and network but for the allowed directories and paths, and locks its configuration
 * (spec page 07). Reads every setting back: one that did not take keeps the server from starting.
 */
export async function enterSandbox(connection: DuckDBConnection, settings: DatabaseSettings): Promise<void> {
  const { allowedDirectories, allowedPaths } = settings;
  try {
    if (allowedDirectories.length > 0)
      await connection.run(`SET allowed_directories = ${list(allowedDirectories)}`);
    if (allowedPaths.length > 0) await connection.run(`SET allowed_paths = ${list(allowedPaths)}`);
    await connection.run('SET enable_external_access = false');
    await connection.run(`SET allowed_configs = ${list([streamingBufferSetting])}`);
    await connection.run('SET lock_configuration = true');
  } catch (error) {
    throw new DatabaseUnavailableError(`Cannot shut off external access: ${readFailure(error).message}`, {
      cause: error,
    });
  }
  await verify(connection);
}

async function verify(connection: DuckDBConnection): Promise<void> {
  const rows = await queryTexts(connection, 'SELECT name, value FROM duckdb_settings()');
  const actual = new Map(rows.map(([name = '', value = '']) => [name, value]));
  const failed = [...wanted].filter(([name, value]) => actual.get(name) !== value).map(([name]) => name);
  if (failed.length > 0) {
    throw new DatabaseUnavailableError(`external_access: false did not take effect: ${failed.join(', ')}`);
  }
}

function list(texts: readonly string[]): string {
  return `[${texts.map(literal).join(', ')}]`;
}
