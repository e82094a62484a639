import type { DuckDBConnection } from '@duckdb/node-api';
import type { InstanceReference } from './instance.js';
import { queryTexts } from './query-rows.js';
import { quoteName } from './sql-text.js';

/** Names of all databases of the instance at this moment. */
export async function attachedNames(instance: InstanceReference): Promise<Set<string>> {
  return withConnection(instance, namesOn);
}

/** Detaches every database that is not among these names. */
export async function detachOthers(instance: InstanceReference, keep: ReadonlySet<string>): Promise<void> {
  await withConnection(instance, async (connection) => {
    for (const name of await namesOn(connection)) {
      if (!keep.has(name)) await connection.run(`DETACH DATABASE IF EXISTS ${quoteName(name)}`);
    }
  });
}

async function namesOn(connection: DuckDBConnection): Promise<Set<string>> {
  const rows = await queryTexts(connection, 'SELECT database_name FROM duckdb_databases()');
  return new Set(rows.map(([name = '']) => name));
}

async function withConnection<T>(
  instance: InstanceReference,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const connection = await instance.connect();
  try {
    return await work(connection);
  } finally {
    connection.closeSync();
  }
}
