import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';

/** Rows of a query of our own over the catalogue, each value as text; NULL is the empty text. */
export async function queryTexts(
  connection: DuckDBConnection,
  sql: string,
  values: Readonly<Record<string, DuckDBValue>> = {},
): Promise<readonly (readonly string[])[]> {
  const result = await connection.runAndReadAll(sql, values);
  return result
    .getRowsJson()
    .map((row) =>
      row.map((value) => (typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value))),
    );
}
