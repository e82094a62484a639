import type { Json } from './json.js';
import type { Origin } from '../errors.js';
import type { SourceText } from '../lib/source-text.js';
import type { Persona } from './caller.js';

export interface ServerInfo {
  readonly name: string;
  readonly version: string;
  readonly instructions?: string;
}

/** A secret that the site names and the user config gives; values are resolved (spec page 02, "User config"). */
export interface Secret {
  readonly name: string;
  /** DuckDB's secret type (`s3`, `http`, …) or a type of the author's own. */
  readonly type: string;
  readonly parameters: Readonly<Record<string, Json>>;
}

export interface Extension {
  readonly name: string;
  readonly repository?: 'community' | 'core_nightly';
}

export interface Attachment {
  readonly name: string;
  readonly url: string;
  readonly readonly: boolean;
}

/** `profiles.<name>.duckdb` (spec pages 02 and 07). */
export interface DatabaseSettings {
  /** Absolute path, or `:memory:`. */
  readonly path: string;
  /** `auto`: read-only when every endpoint and `init` only read. */
  readonly readonly: boolean | 'auto';
  /** SQL run once per instance, before the server listens. */
  readonly init?: SourceText;
  readonly threads?: number;
  /** In DuckDB's notation (`4GB`). */
  readonly memoryLimit?: string;
  readonly timezone: string;
  readonly externalAccess: boolean;
  readonly allowedDirectories: readonly string[];
  readonly allowedPaths: readonly string[];
  readonly attach: readonly Attachment[];
  readonly extensions: readonly Extension[];
  /** Upper bound of connections, own ones included. */
  readonly pool: number;
  /** Calls that may wait for a connection; one more is refused. */
  readonly queue: number;
  readonly tempDirectory?: string;
  /** In DuckDB's notation. */
  readonly maxTempDirectorySize: string;
  readonly origin: Origin;
}

export type RedactionStrategy = 'full' | 'partial' | 'hash' | 'truncate' | 'email';

/** `profiles.<name>.audit` (spec page 05). Sizes in bytes, times in milliseconds unless named otherwise. */
export interface AuditSettings {
  readonly enabled: boolean;
  /** Absolute; segments are `<folder>/<stem>-…jsonl`. */
  readonly path: string;
  readonly maxFileSize: number;
  readonly retentionDays: number;
  readonly sync: 'always' | 'interval' | 'never';
  readonly syncIntervalMs: number;
  readonly onFailure: 'deny' | 'allow';
  readonly reserve: number;
  readonly maxValueBytes: number;
  readonly maxRecordBytes: number;
  readonly output: 'none' | 'full';
  readonly cli: boolean;
  readonly test: boolean;
  readonly sql: 'redacted' | 'full';
  /** Parts of key names whose string values are replaced, lower-case. */
  readonly redactKeys: readonly string[];
  /** Field name → strategy, for values that are to be shown in part. */
  readonly redactFields: Readonly<Record<string, RedactionStrategy>>;
  /** Ed25519 private key (PEM); absent: HMAC under the site secret. */
  readonly signingKey?: string;
}

export interface HttpSettings {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly baseUrl?: string;
  /** Addresses or networks of proxies in front. */
  readonly trustProxy: readonly string[];
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** Bytes. */
  readonly maxBodyBytes: number;
  readonly maxConnections: number;
}

export interface TransportSettings {
  readonly provider: 'streamable-http' | 'stdio';
  readonly http: HttpSettings;
  /** Who the local user of stdio is; absent: anonymous. */
  readonly stdioUser?: Persona;
  /** Grace for calls in flight at shutdown, milliseconds. */
  readonly shutdownGraceMs: number;
}

/** `auth` of the active profile. Sign-in providers are not available yet. */
export interface AuthSettings {
  readonly provider: 'none';
  readonly allowAnonymous: boolean;
}

export interface LoggingSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly format: 'json' | 'pretty';
}
