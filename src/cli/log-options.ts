import type { OperationType } from '../audit/entry.js';
import type { StatsKey } from '../audit/log-stats.js';

/** Options of `mxcp log` as commander gives them. */
export interface LogOptions {
  readonly tool?: string;
  readonly resource?: string;
  readonly prompt?: string;
  readonly type?: OperationType;
  readonly policy?: 'allow' | 'deny' | 'warn' | 'n/a';
  readonly rule?: string;
  readonly status?: 'success' | 'error' | 'started';
  readonly user?: string;
  readonly client?: string;
  readonly session?: string;
  readonly trace?: string;
  readonly call?: string;
  readonly since?: string;
  readonly until?: string;
  readonly grep?: string;
  readonly shadow?: true;
  readonly utc?: true;
  readonly limit: number;
  readonly offset: number;
  readonly asc?: true;
  readonly fields?: readonly string[];
  readonly jsonl?: true;
  readonly csv?: true;
  readonly exportCsv?: string;
  readonly exportDuckdb?: string;
  readonly exportParquet?: string;
  readonly follow?: true;
  readonly stats?: true;
  readonly by?: StatsKey;
}
