import type { DuckDBConnection, Json as DuckJson } from '@duckdb/node-api';
import type { JsonObject } from '../model/json.js';
import { logColumns } from './log-columns.js';
import { withLogDatabase } from './log-database.js';
import { touchedFiles } from './log-files.js';
import { logSource } from './log-source.js';
import { toRecord, type LogQuery } from './query-log.js';
import { findUnreadable, noUnreadable, type UnreadableLines } from './unreadable-lines.js';

/** A page as large as anyone likes: records in order, handed out one by one while they are read, until `take` gives false. */
export async function streamLog(
  query: Omit<LogQuery, 'limit'> & { readonly limit?: number | undefined },
  take: (record: JsonObject) => boolean | Promise<boolean>,
): Promise<{ readonly count: number; readonly unreadable: UnreadableLines }> {
  const { path, filter, columns = logColumns, limit, offset, ascending } = query;
  const files = touchedFiles(path, filter.since, filter.until);
  if (files.length === 0) return { count: 0, unreadable: noUnreadable };
  return withLogDatabase(
    async (connection) => {
      const source = logSource(files, filter, columns);
      const direction = ascending ? 'ASC' : 'DESC';
      const statement = `SELECT ${columns.join(', ')} FROM ${source.from} WHERE ${source.wanted}
      ORDER BY timestamp ${direction}, record_id ${direction}
      LIMIT ${limit === undefined ? 'NULL' : '$limit::BIGINT'} OFFSET $offset::BIGINT`;
      const result = await connection.stream(statement, {
        ...source.parameters,
        offset: String(offset),
        ...(limit === undefined ? {} : { limit: String(limit) }),
      });
      let count = 0;
      for await (const rows of result.yieldRowObjectJson()) {
        for (const row of rows) {
          count += 1;
          if (!(await take(toRecord(row)))) return { count, unreadable: noUnreadable };
        }
      }
      return { count, unreadable: await countUnreadable(connection, files) };
    },
    { signal: query.signal },
  );
}

/** Looks through files once for lines that are no records. */
export async function countUnreadable(
  connection: DuckDBConnection,
  files: readonly string[],
): Promise<UnreadableLines> {
  const source = logSource(files, {}, []);
  const { files: list = '' } = source.parameters;
  const reader = await connection.runAndReadAll(
    `SELECT DISTINCT filename FROM ${source.from} WHERE timestamp IS NULL`,
    { files: list },
  );
  const names = reader.getRowObjectsJson().map((row): DuckJson | undefined => row['filename']);
  return findUnreadable(names.filter((name) => typeof name === 'string'));
}
