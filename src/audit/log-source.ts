import type { FilterSql, LogFilter } from './log-filter.js';
import { filterSql } from './log-filter.js';
import { readType } from './log-columns.js';

/** DuckDB takes paths as patterns. */
function asPattern(path: string): string {
  return path.replaceAll(/[*?[\]]/g, (char) => `[${char}]`);
}

const filesExpression = `from_json($files, '["VARCHAR"]')`;

/** The parameter under which statements name their files. */
export function filesParameter(files: readonly string[]): string {
  return JSON.stringify(files.map(asPattern));
}

/** Lines as rows with the wanted fields and `filename`; a line that cannot be read has only nulls. */
function readColumns(columns: Iterable<string>): string {
  const types = [...columns].map((name) => `${name}: '${readType(name)}'`).join(', ');
  return `read_ndjson(${filesExpression}, columns = {${types}}, ignore_errors = true, filename = true)`;
}

/** The same of lines in which a text occurs: a search over the line as it is, before anything is taken from it. */
function readMatching(columns: Iterable<string>): string {
  const fields = [...columns].map((name) =>
    readType(name) === 'JSON'
      ? `json_extract(line, '$.${name}') AS ${name}`
      : `json_extract_string(line, '$.${name}') AS ${name}`,
  );
  const lines = `SELECT json AS line, filename FROM read_ndjson_objects(${filesExpression}, ignore_errors = true, filename = true)`;
  return `(SELECT filename, ${fields.join(', ')} FROM (${lines}) WHERE line IS NULL OR contains(line::VARCHAR, $grep))`;
}

/** A text as it stands inside of a JSON string. */
function asJsonText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** The log as a table: where rows come from, which of them are asked for, and what must be bound. */
export interface LogSource {
  /** For FROM; has the wanted columns, those of the filter, `record_id`, `timestamp` and `filename`. */
  readonly from: string;
  /** True for rows that are asked for; one row per call: a start only as long as there is no outcome. */
  readonly wanted: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const outcomes = `SELECT call_id FROM read_ndjson(${filesExpression}, columns = {call_id: 'VARCHAR', started_seq: 'BIGINT'}, ignore_errors = true) WHERE started_seq IS NOT NULL AND call_id IS NOT NULL`;

function withoutSettledStarts(filter: FilterSql): string {
  if (!filter.mayBeStarted) return filter.where;
  return `(${filter.where}) AND NOT (operation_status IS NOT DISTINCT FROM 'started' AND call_id IN (${outcomes}))`;
}

/** The log's rows for a filter and the columns that are to be seen. */
export function logSource(files: readonly string[], filter: LogFilter, wanted: readonly string[]): LogSource {
  const condition = filterSql(filter);
  const columns = new Set([...wanted, ...condition.columns, 'record_id', 'timestamp']);
  if (condition.mayBeStarted) for (const name of ['call_id', 'operation_status']) columns.add(name);
  const { grep } = filter;
  return {
    from: grep === undefined ? readColumns(columns) : readMatching(columns),
    wanted: withoutSettledStarts(condition),
    parameters: {
      ...condition.parameters,
      files: filesParameter(files),
      ...(grep === undefined ? {} : { grep: asJsonText(grep) }),
    },
  };
}
