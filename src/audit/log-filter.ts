import { AuditQueryError } from '../errors.js';
import type { OperationType } from './entry.js';
import { formatMicros } from './timestamp.js';

/** What `mxcp log` can be asked for (spec page 05, "Query"). All that are given must hold. */
export interface LogFilter {
  readonly tool?: string | undefined;
  /** The template or a concrete URI. */
  readonly resource?: string | undefined;
  readonly prompt?: string | undefined;
  readonly type?: OperationType | undefined;
  readonly policy?: 'allow' | 'deny' | 'warn' | 'n/a' | undefined;
  /** A rule that decided, acted, or would have acted. */
  readonly rule?: string | undefined;
  readonly status?: 'success' | 'error' | 'started' | undefined;
  /** Id, key or name of the user. */
  readonly user?: string | undefined;
  /** Id or name of the client. */
  readonly client?: string | undefined;
  readonly session?: string | undefined;
  readonly trace?: string | undefined;
  readonly call?: string | undefined;
  /** `record_id` of one record. */
  readonly record?: string | undefined;
  /** Start of the call, milliseconds since the Unix epoch; inclusive. */
  readonly since?: number | undefined;
  /** Exclusive. */
  readonly until?: number | undefined;
  /** A text that occurs anywhere in the record. */
  readonly grep?: string | undefined;
  /** Only calls on which a shadow rule matched. */
  readonly shadow?: boolean | undefined;
}

/** A filter as SQL over the columns that it names; values are only ever parameters. */
export interface FilterSql {
  readonly where: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly columns: ReadonlySet<string>;
  /** False when the filter leaves out records of started calls anyway. */
  readonly mayBeStarted: boolean;
}

const rulesOf = (column: string): string =>
  `list_contains(coalesce(json_extract_string(${column}, '$[*].rule'), []), $rule)`;

interface Condition {
  readonly columns: readonly string[];
  readonly sql: string;
}

type TextKey = Exclude<keyof LogFilter, 'since' | 'until' | 'shadow' | 'grep'>;

const conditions: Readonly<Record<TextKey, Condition>> = {
  tool: {
    columns: ['operation_type', 'operation_name'],
    sql: "operation_type = 'tool' AND operation_name = $tool",
  },
  resource: {
    columns: ['operation_type', 'operation_name', 'resource_uri'],
    sql: "operation_type = 'resource' AND (operation_name = $resource OR resource_uri = $resource)",
  },
  prompt: {
    columns: ['operation_type', 'operation_name'],
    sql: "operation_type = 'prompt' AND operation_name = $prompt",
  },
  type: { columns: ['operation_type'], sql: 'operation_type = $type' },
  policy: { columns: ['policy_decision'], sql: "coalesce(policy_decision, 'n/a') = $policy" },
  rule: {
    columns: ['policy_rule', 'policy_actions', 'policy_shadow'],
    sql: `(policy_rule = $rule OR ${rulesOf('policy_actions')} OR ${rulesOf('policy_shadow')})`,
  },
  status: { columns: ['operation_status'], sql: 'operation_status = $status' },
  user: { columns: ['user_id', 'user_key', 'username'], sql: '$user IN (user_id, user_key, username)' },
  client: { columns: ['client_id', 'client_name'], sql: '$client IN (client_id, client_name)' },
  session: { columns: ['session_id'], sql: 'session_id = $session' },
  trace: { columns: ['trace_id'], sql: 'trace_id = $trace' },
  call: { columns: ['call_id'], sql: 'call_id = $call' },
  record: { columns: ['record_id'], sql: 'record_id = $record' },
};

const textKeys = Object.keys(conditions) as TextKey[];

/** The SQL of a filter. Lines about segments are left out unless `type: server` or one record is asked for. */
export function filterSql(filter: LogFilter): FilterSql {
  const parts: string[] = ['timestamp IS NOT NULL'];
  const parameters: Record<string, string> = {};
  const columns = new Set(['timestamp']);
  const add = ({ columns: names, sql }: Condition): void => {
    parts.push(sql);
    for (const name of names) columns.add(name);
  };
  for (const key of textKeys) {
    const value = filter[key];
    if (value === undefined) continue;
    add(conditions[key]);
    parameters[key] = value;
  }
  if (filter.since !== undefined) {
    parts.push('timestamp >= $since');
    parameters['since'] = formatMicros(filter.since * 1000);
  }
  if (filter.until !== undefined) {
    parts.push('timestamp < $until');
    parameters['until'] = formatMicros(filter.until * 1000);
  }
  if (filter.shadow === true)
    add({ columns: ['policy_shadow'], sql: 'json_array_length(policy_shadow) > 0' });
  const special = filter.type === 'server' || filter.record !== undefined;
  if (!special && needsSegmentCondition(filter)) {
    add({ columns: ['operation_name'], sql: "operation_name IS DISTINCT FROM 'audit.segment'" });
  }
  const decided = filter.policy !== undefined && filter.policy !== 'n/a';
  const settled = filter.status !== undefined && filter.status !== 'started';
  const mayBeStarted = !decided && !settled && filter.rule === undefined && filter.shadow !== true;
  return { where: parts.join(' AND '), parameters, columns, mayBeStarted };
}

/** Segment lines are of type `server` with decision `n/a` and status `success`: most filters leave them out anyway. */
function needsSegmentCondition(filter: LogFilter): boolean {
  const decided = filter.policy !== undefined && filter.policy !== 'n/a';
  const failed = filter.status !== undefined && filter.status !== 'success';
  return (
    !decided && !failed && filter.tool === undefined && filter.call === undefined && filter.user === undefined
  );
}

/** NaN for a day that no month has: such a one is taken for a day of the next month otherwise. */
function timeOf(day: string, clock: string, zone: string): number {
  const start = Date.parse(`${day}T00:00Z`);
  const exists = !Number.isNaN(start) && new Date(start).toISOString().startsWith(day);
  return exists ? Date.parse(`${day}T${clock}${zone}`) : NaN;
}

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * A time of the command line: an age (`10s`, `5m`, `2h`, `1d`) or an ISO 8601 time, which without a zone is
 * local (UTC with `utc`). Milliseconds since the Unix epoch. Throws `AuditQueryError`.
 */
export function parseTime(text: string, now: number, utc = false): number {
  const age = /^(\d{1,9})([smhd])$/.exec(text);
  if (age !== null) return Math.max(0, now - Number(age[1]) * units[age[2] as keyof typeof units]);
  const iso = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))?(Z|[+-]\d\d:?\d\d)?$/i.exec(
    text,
  );
  const zone = iso?.[3] ?? (utc ? 'Z' : '');
  const millis = iso === null ? NaN : timeOf(iso[1] ?? '', iso[2] ?? '00:00', zone);
  if (Number.isNaN(millis)) {
    throw new AuditQueryError(
      `'${text.slice(0, 40)}' is not a time: use 10s, 5m, 2h, 1d or 2026-11-20T10:00:00Z`,
    );
  }
  return millis;
}
