import { listValue, type DuckDBConnection } from '@duckdb/node-api';
import { InternalError, SqlRefusedError } from '../errors.js';
import type { BuiltinBody } from '../model/endpoint.js';
import type { JsonObject } from '../model/json.js';
import { compileBinder } from './bind-value.js';
import { checkFreeSql, type FreeSqlCatalog, type RelationName } from './check-free-sql.js';
import type { PreparedBuiltin } from './prepared-body.js';
import { queryTexts } from './query-rows.js';
import type { RunSite } from './lease-for.js';
import { runReading, type Execution, type RunCall, type Runnable, type RunnableSource } from './run-body.js';
import type { LeaseKind } from './pool.js';

/** Tables and views that belong to the site: not DuckDB's own, and in databases that were there when it was opened. */
const relationsSql = `
  SELECT database_name, schema_name, table_name AS name, 'table' AS type FROM duckdb_tables()
  WHERE NOT internal AND list_contains($databases, database_name)
  UNION ALL
  SELECT database_name, schema_name, view_name, 'view' FROM duckdb_views()
  WHERE NOT internal AND list_contains($databases, database_name)`;

const listTables = `SELECT name, type FROM (${relationsSql}) ORDER BY name, type`;

const tableSchema = `
  SELECT column_name AS name, data_type AS type, is_nullable AS nullable FROM duckdb_columns()
  WHERE NOT internal AND list_contains($databases, database_name) AND lower(table_name) = lower($table_name)
  ORDER BY database_name, schema_name, table_name, column_index`;

/** One of the server's own SQL tools as a body (spec page 07, "Built-in SQL tools"). */
export function prepareBuiltin(tool: BuiltinBody['tool']): PreparedBuiltin {
  return {
    kind: 'builtin',
    tool,
    columns: undefined,
    effects: 'read',
    transactional: true,
    parameterNames:
      tool === 'execute_sql_query' ? ['sql'] : tool === 'get_table_schema' ? ['table_name'] : [],
    usesCaller: tool === 'execute_sql_query',
  };
}

/** Runs a source on a connection of the given kind. */
type RunSource = (source: RunnableSource, args: JsonObject, connection: LeaseKind) => Promise<Execution>;

/**
 * Runs one of the server's own SQL tools. Free-form SQL is checked against the catalogue of this moment and runs on a
 * connection of its own. Throws `SqlRefusedError` for what it may not do.
 */
export async function runBuiltin(
  site: RunSite,
  body: PreparedBuiltin,
  args: JsonObject,
  call: RunCall,
): Promise<Execution> {
  return runBuiltinWith(site, body, args, (source, values, connection) =>
    runReading(site, source, values, call, connection),
  );
}

/** The same, where somebody else decides about the connection. */
export async function runBuiltinWith(
  site: RunSite,
  body: PreparedBuiltin,
  args: JsonObject,
  run: RunSource,
): Promise<Execution> {
  switch (body.tool) {
    case 'execute_sql_query':
      return run(checkedText(site, textArgument(args, 'sql')), {}, 'free');
    case 'list_tables':
      return run(fixed(listTables), { databases: site.databases }, 'pooled');
    case 'get_table_schema':
      return runSchema(site, args, run);
  }
}

async function runSchema(site: RunSite, args: JsonObject, run: RunSource): Promise<Execution> {
  const table = { table_name: textArgument(args, 'table_name'), databases: site.databases };
  const execution = await run(fixed(tableSchema), table, 'pooled');
  if (execution.rows.length === 0)
    throw new SqlRefusedError('There is no such table or view; list_tables names them');
  return execution;
}

/** Checks the text on the connection that will run it. It is not kept among the prepared statements. */
function checkedText(site: RunSite, sql: string): (connection: DuckDBConnection) => Promise<Runnable> {
  return async (connection) => {
    const segment = await checkFreeSql(sql, catalogOf(site, connection));
    return { statements: [{ sql: segment.text, several: true }], binders: new Map() };
  };
}

function catalogOf(site: RunSite, connection: DuckDBConnection): FreeSqlCatalog {
  return {
    parse: async (sql) => {
      const rows = await queryTexts(connection, 'SELECT json_serialize_sql($sql::VARCHAR)::VARCHAR', { sql });
      return rows[0]?.[0] ?? '';
    },
    relations: async () => {
      const rows = await queryTexts(connection, relationsSql, { databases: listValue(site.databases) });
      return rows.map(([database = '', schema = '', name = '']): RelationName => ({
        database,
        schema,
        name,
      }));
    },
  };
}

function textArgument(args: JsonObject, name: string): string {
  const value = Object.hasOwn(args, name) ? args[name] : undefined;
  if (typeof value !== 'string') throw new InternalError(`The argument ${name} is not a text`);
  return value;
}

const origin = { file: '', line: 1, column: 1 };
const binders = new Map([
  ['table_name', compileBinder({ type: 'string', origin })],
  ['databases', compileBinder({ type: 'array', items: { type: 'string', origin }, origin })],
]);

function fixed(sql: string): Runnable {
  return {
    statements: [{ sql, several: false }],
    binders,
  };
}
