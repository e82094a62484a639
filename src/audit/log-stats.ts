import type { DuckDBConnection, Json as DuckJson } from '@duckdb/node-api';
import { withLogDatabase } from './log-database.js';
import { touchedFiles } from './log-files.js';
import type { LogFilter } from './log-filter.js';
import { logSource, type LogSource } from './log-source.js';
import { findUnreadable, noUnreadable, type UnreadableLines } from './unreadable-lines.js';

export type StatsKey = 'tool' | 'user' | 'policy' | 'rule' | 'hour';

/** Calls of one group. Times in milliseconds. */
export interface StatsGroup {
  /** What the group has in common; null for calls that have no such thing. */
  readonly key: string | null;
  readonly calls: number;
  readonly errors: number;
  readonly denials: number;
  readonly rows: number;
  readonly averageMs: number;
  readonly p95Ms: number;
}

export interface LogStats {
  readonly total: StatsGroup;
  readonly groups: readonly StatsGroup[];
  readonly unreadable: UnreadableLines;
}

/** The one that decided, and every one that matched or failed at it; none is a group too. */
const rules = `list_distinct(list_concat([policy_rule], json_extract_string(policy_actions, '$[*].rule')))`;
const rulesOrNone = `if(len(${rules}) > 0, ${rules}, [NULL])`;

/** What a call is counted under; `first`: once of each call, for the whole. */
const one = (key: string): string => `${key} AS key, true AS first`;
const keys: Readonly<Record<StatsKey, string>> = {
  tool: one(
    "CASE WHEN operation_type = 'tool' THEN operation_name ELSE operation_type || ' ' || operation_name END",
  ),
  user: one('coalesce(user_key, user_id, username)'),
  policy: one("coalesce(policy_decision, 'n/a')"),
  rule: `unnest(${rulesOrNone}) AS key, generate_subscripts(${rulesOrNone}, 1) = 1 AS first`,
  hour: one("left(timestamp, 13) || ':00Z'"),
};

const columns = [
  'operation_type',
  'operation_name',
  'operation_status',
  'policy_decision',
  'policy_rule',
  'user_key',
  'user_id',
  'username',
  'duration_ms',
  'output_rows',
];

const maxGroups = 1000;

/** One pass: groups, the whole (a grouping set of its own), and the files with lines that cannot be read. */
function statement(source: LogSource, by: StatsKey): string {
  const measures = `count(*) FILTER (wanted) AS calls,
      count(*) FILTER (wanted AND operation_status = 'error') AS errors,
      count(*) FILTER (wanted AND policy_decision = 'deny') AS denials,
      coalesce(sum(output_rows) FILTER (wanted), 0)::BIGINT AS rows,
      coalesce(avg(duration_ms) FILTER (wanted), 0) AS average,
      coalesce(approx_quantile(duration_ms, 0.95) FILTER (wanted), 0) AS p95`;
  return `SELECT key, grouping(key) AS whole, ${measures}, list(DISTINCT filename) FILTER (unreadable) AS damaged
    FROM (SELECT ${keys[by]}, filename, timestamp IS NULL AS unreadable, (${source.wanted}) AS wanted,
        operation_status, policy_decision, TRY_CAST(output_rows::VARCHAR AS BIGINT) AS output_rows,
        TRY_CAST(duration_ms::VARCHAR AS DOUBLE) AS duration_ms
      FROM ${source.from})
    GROUP BY GROUPING SETS ((key), (first))
    HAVING if(grouping(key) = 1, first, count(*) FILTER (wanted) > 0)
    ORDER BY whole DESC, ${by === 'hour' ? 'key DESC' : 'calls DESC, key'}
    LIMIT ${maxGroups + 1}`;
}

function toGroup(row: Readonly<Record<string, DuckJson>>): StatsGroup {
  const number = (name: string): number => Number(row[name] ?? 0);
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  return {
    key: typeof row['key'] === 'string' ? row['key'] : null,
    calls: number('calls'),
    errors: number('errors'),
    denials: number('denials'),
    rows: number('rows'),
    averageMs: round(number('average')),
    p95Ms: round(number('p95')),
  };
}

async function readStats(connection: DuckDBConnection, source: LogSource, by: StatsKey): Promise<LogStats> {
  const reader = await connection.runAndReadAll(statement(source, by), source.parameters);
  const [whole, ...groups] = reader.getRowObjectsJson();
  const damaged = Array.isArray(whole?.['damaged']) ? whole['damaged'] : [];
  return {
    total: toGroup({ ...whole, key: null }),
    groups: groups.map(toGroup),
    unreadable: findUnreadable(damaged.filter((name) => typeof name === 'string')),
  };
}

/** Counts and times of the calls of a filter, in all and by something that they have in common (the thousand largest groups). */
export async function logStats(
  path: string,
  filter: LogFilter,
  by: StatsKey,
  signal?: AbortSignal,
): Promise<LogStats> {
  const files = touchedFiles(path, filter.since, filter.until);
  if (files.length === 0) return { total: toGroup({}), groups: [], unreadable: noUnreadable };
  const source = logSource(files, filter, by === 'rule' ? [...columns, 'policy_actions'] : columns);
  return withLogDatabase((connection) => readStats(connection, source, by), { signal });
}
