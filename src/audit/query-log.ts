import type { DuckDBConnection, Json as DuckJson } from '@duckdb/node-api';
import type { Json, JsonObject } from '../model/json.js';
import { isJsonColumn, logColumns } from './log-columns.js';
import { withLogDatabase } from './log-database.js';
import { touchedFiles } from './log-files.js';
import type { LogFilter } from './log-filter.js';
import { logSource, type LogSource } from './log-source.js';
import { findUnreadable, noUnreadable, type UnreadableLines } from './unreadable-lines.js';

export interface LogQuery {
  /** `audit.path`. */
  readonly path: string;
  readonly filter: LogFilter;
  /** Fields that are wanted; all by default. */
  readonly columns?: readonly string[];
  readonly limit: number;
  readonly offset: number;
  /** Oldest first. */
  readonly ascending: boolean;
  /** Ends the query with `AuditQueryError`. */
  readonly signal?: AbortSignal;
}

export interface LogPage {
  /** Records with the wanted fields that they have, in order. */
  readonly records: readonly JsonObject[];
  /** How many the filter matches, on all pages. */
  readonly total: number;
  readonly unreadable: UnreadableLines;
}

/** Beyond this many columns it is cheaper to find the page by its keys first and to read it then. */
const narrow = 18;

interface Found {
  readonly rows: readonly JsonObject[];
  readonly total: number;
  readonly damaged: readonly string[];
}

function structOf(columns: readonly string[]): string {
  return `{${columns.map((name) => `'${name}': ${name}`).join(', ')}}`;
}

/** One pass: the page, the number of matches and the files with lines that cannot be read. */
function pageStatement(source: LogSource, columns: readonly string[], ascending: boolean): string {
  const order = ascending ? 'arg_min' : 'arg_max';
  return `SELECT ${order}(entry, key, $size::BIGINT) FILTER (wanted) AS page,
      count(*) FILTER (wanted) AS total,
      list(DISTINCT filename) FILTER (unreadable) AS damaged
    FROM (SELECT ${structOf(columns)} AS entry, filename, timestamp IS NULL AS unreadable,
        timestamp || coalesce(record_id, '') AS key, (${source.wanted}) AS wanted
      FROM ${source.from})`;
}

async function findPage(
  connection: DuckDBConnection,
  source: LogSource,
  columns: readonly string[],
  { limit, offset, ascending }: LogQuery,
): Promise<Found> {
  const statement = pageStatement(source, columns, ascending);
  const reader = await connection.runAndReadAll(statement, {
    ...source.parameters,
    size: String(offset + limit),
  });
  const [row] = reader.getRowObjectsJson();
  const rows = listOf(row?.['page']).slice(offset);
  return {
    rows: rows.map((one) => toRecord(one)),
    total: Number(row?.['total'] ?? 0),
    damaged: listOf(row?.['damaged']).filter((name) => typeof name === 'string'),
  };
}

function listOf(value: DuckJson | undefined): readonly DuckJson[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** A row of DuckDB as a record: fields that are null are absent, JSON is parsed. */
export function toRecord(row: DuckJson): JsonObject {
  const record = Object.create(null) as Record<string, Json>;
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return record;
  for (const [name, value] of Object.entries(row)) {
    if (typeof value !== 'string') continue;
    record[name] = isJsonColumn(name) ? (JSON.parse(value) as Json) : value;
  }
  return record;
}

/** The page's records in full: only the files that have any of them are read again. */
async function fillPage(
  connection: DuckDBConnection,
  keys: readonly JsonObject[],
  columns: readonly string[],
): Promise<JsonObject[]> {
  const files = [...new Set(keys.map((key) => textOf(key['filename'])))];
  const source = logSource(files, {}, columns);
  const statement = `SELECT ${columns.join(', ')}, record_id AS id FROM ${source.from}
    WHERE record_id IN (SELECT unnest(from_json($ids, '["VARCHAR"]')))`;
  const ids = JSON.stringify(keys.map((key) => key['record_id']));
  const { files: list = '' } = source.parameters;
  const reader = await connection.runAndReadAll(statement, { files: list, ids });
  const records = new Map(
    reader.getRowObjectsJson().map((row) => [row['id'], toRecord({ ...row, id: null })]),
  );
  return keys.map((key) => records.get(textOf(key['record_id']))).filter((record) => record !== undefined);
}

/**
 * One page of a log. Reads only the segments that the time range touches, while servers write to them, and holds
 * `offset + limit` small rows in memory at most. Throws `AuditQueryError`.
 */
export async function queryLog(query: LogQuery): Promise<LogPage> {
  const { path, filter, columns = logColumns } = query;
  const files = touchedFiles(path, filter.since, filter.until);
  if (files.length === 0) return { records: [], total: 0, unreadable: noUnreadable };
  return withLogDatabase(
    async (connection) => {
      const find = (seen: readonly string[]): Promise<Found> =>
        findPage(connection, logSource(files, filter, seen), [...seen, 'filename'], query);
      const narrowed = columns.length > narrow ? await find(['record_id']) : undefined;
      const complete = narrowed?.rows.every((row) => row['record_id'] !== undefined) === true;
      if (narrowed === undefined || !complete) {
        const { rows, total, damaged } = await find(columns);
        return { records: rows.map(withoutFile), total, unreadable: findUnreadable(damaged) };
      }
      const records = narrowed.rows.length === 0 ? [] : await fillPage(connection, narrowed.rows, columns);
      return { records, total: narrowed.total, unreadable: findUnreadable(narrowed.damaged) };
    },
    { signal: query.signal },
  );
}

function withoutFile(record: JsonObject): JsonObject {
  const rest = Object.create(null) as Record<string, Json>;
  for (const [name, value] of Object.entries(record)) if (name !== 'filename') rest[name] = value;
  return rest;
}
