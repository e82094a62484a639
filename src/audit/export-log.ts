import { exportExpression, logColumns } from './log-columns.js';
import { withLogDatabase } from './log-database.js';
import { touchedFiles } from './log-files.js';
import type { LogFilter } from './log-filter.js';
import { logSource } from './log-source.js';
import { replaceFile } from './replace-file.js';
import { countUnreadable } from './stream-log.js';
import type { UnreadableLines } from './unreadable-lines.js';
import { AuditQueryError } from '../errors.js';

/** What an export wrote. */
export interface ExportResult {
  readonly count: number;
  readonly unreadable: UnreadableLines;
}

/** Where an export goes. */
interface ExportTarget {
  readonly format: 'duckdb' | 'parquet';
  readonly file: string;
  /** Ends the export with `AuditQueryError`. */
  readonly signal?: AbortSignal;
}

/**
 * Writes all records of a filter, oldest first, with typed columns: to the table `audit_logs` of a new DuckDB file, or
 * to a Parquet file. An existing file is replaced when all is there. Throws `AuditQueryError`.
 */
export async function exportLog(
  path: string,
  filter: LogFilter,
  target: ExportTarget,
): Promise<ExportResult> {
  const files = touchedFiles(path, filter.since, filter.until);
  if (files.length === 0)
    throw new AuditQueryError('There is nothing to export: the log has no file for this time');
  return replaceFile(target.file, (draft) => write(files, filter, { ...target, file: draft }));
}

async function write(
  files: readonly string[],
  filter: LogFilter,
  { format, file, signal }: ExportTarget,
): Promise<ExportResult> {
  const source = logSource(files, filter, logColumns);
  const rows = `SELECT ${logColumns.map(exportExpression).join(', ')} FROM ${source.from}
    WHERE ${source.wanted} ORDER BY timestamp, record_id`;
  return withLogDatabase(
    async (connection) => {
      const done =
        format === 'duckdb'
          ? await connection.runAndReadAll(`CREATE TABLE audit_logs AS ${rows}`, source.parameters)
          : await connection.runAndReadAll(`COPY (${rows}) TO $target (FORMAT parquet)`, {
              ...source.parameters,
              target: file,
            });
      const [row] = done.getRowObjectsJson();
      return { count: Number(row?.['Count'] ?? 0), unreadable: await countUnreadable(connection, files) };
    },
    { path: format === 'duckdb' ? file : undefined, signal },
  );
}
