import type { DuckDBConnection } from '@duckdb/node-api';
import { DatabaseUnavailableError } from '../errors.js';
import type { Json } from '../model/json.js';
import type { Secret } from '../model/settings.js';
import { queryTexts } from './query-rows.js';
import { literal, quoteName } from './sql-text.js';

/**
 * Creates or replaces the site's secrets as temporary DuckDB secrets. A secret whose type DuckDB does not know is left
 * to the bodies. Errors name the secret and never DuckDB's words, which may quote a value.
 */
export async function createSecrets(connection: DuckDBConnection, secrets: readonly Secret[]): Promise<void> {
  if (secrets.length === 0) return;
  const known = await knownTypes(connection);
  for (const secret of secrets) {
    if (known.has(secret.type.toLowerCase())) await createSecret(connection, secret);
  }
}

async function knownTypes(connection: DuckDBConnection): Promise<ReadonlySet<string>> {
  const rows = await queryTexts(connection, 'SELECT type FROM duckdb_secret_types()');
  return new Set(rows.map(([type = '']) => type.toLowerCase()));
}

async function createSecret(connection: DuckDBConnection, secret: Secret): Promise<void> {
  const options = Object.entries(secret.parameters).map(
    ([name, value]) => `${quoteName(name)} ${optionValue(value)}`,
  );
  const list = [`TYPE ${quoteName(secret.type)}`, ...options].join(', ');
  try {
    await connection.run(`CREATE OR REPLACE TEMPORARY SECRET ${quoteName(secret.name)} (${list})`);
  } catch {
    throw new DatabaseUnavailableError(
      `Cannot create the DuckDB secret '${secret.name}' of type ${secret.type}: check its parameter names ` +
        `(${Object.keys(secret.parameters).join(', ')}) against DuckDB's documentation of this type`,
    );
  }
}

function optionValue(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(optionValue).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `MAP {${Object.entries(value)
      .map(([name, item]) => `${literal(name)}: ${optionValue(item)}`)
      .join(', ')}}`;
  }
  return typeof value === 'string' ? literal(value) : String(value);
}
