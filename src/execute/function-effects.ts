import { lexSql, type SqlToken } from './lex-sql.js';

/** Functions that read or change the state of their connection, so that they need one of their own. */
const connectionState = new Set(['setseed', 'currval', 'lastval']);

/** Functions whose effect outlasts the call, beside those that DuckDB itself counts as a write (`nextval`). */
const lasting = new Set([
  'checkpoint',
  'force_checkpoint',
  'write_log',
  'enable_logging',
  'disable_logging',
  'truncate_duckdb_logs',
  'enable_profiling',
  'disable_profiling',
  'http_post',
  'copy_database',
]);

/** Functions that run SQL given as a value. */
const runsSql = new Set(['query', 'query_table', 'json_execute_serialized_sql', 'from_substrait']);

const sequences = new Set(['nextval']);

/** True for functions whose call keeps a statement from the shared connections until it is looked at closely. */
export function hasEffect(name: string): boolean {
  return (
    connectionState.has(name) ||
    lasting.has(name) ||
    sequences.has(name) ||
    runsSql.has(name) ||
    /_(?:execute|attach|cdc)$/.test(name)
  );
}

/** True for functions whose effect outlasts the call and is no change of a database that DuckDB would report. */
export function hasLastingEffect(name: string): boolean {
  return lasting.has(name) || /_(?:execute|attach|cdc)$/.test(name);
}

/** True for table functions whose text argument is SQL, a file name, a URL or a pattern of those. */
export function takesSource(name: string): boolean {
  return (
    runsSql.has(name) ||
    /^(?:glob|sniff_csv|st_read|st_drivers|http_get|http_post)$/.test(name) ||
    /^(?:read_|parquet_)/.test(name) ||
    /_(?:scan|scan_pushdown|query|execute|attach)$/.test(name)
  );
}

/** The tokens of a statement with those of SQL texts that it hands to `query()`. */
export function withQueriedText(tokens: readonly SqlToken[]): readonly SqlToken[] {
  const runs = tokens.some((token) => token.kind !== 'string' && runsSql.has(token.text.toLowerCase()));
  if (!runs) return tokens;
  return [
    ...tokens,
    ...tokens.filter((token) => token.kind === 'string').flatMap((token) => lexSql(token.text)),
  ];
}
