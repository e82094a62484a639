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
  /** Origins of web pages that may call; `*` for every page, without credentials. Empty: loopback origins. */
  readonly allowedOrigins: readonly string[];
  /** Bytes. */
  readonly maxBodyBytes: number;
  readonly maxConnections: number;
  readonly tls?: TlsSettings;
  /** Strict-Transport-Security on answers that left over https. */
  readonly hsts: boolean;
  readonly hstsPreload: boolean;
}

export interface TransportSettings {
  readonly provider: 'streamable-http' | 'stdio';
  readonly http: HttpSettings;
  /** Who the local user of stdio is; absent: anonymous. */
  readonly stdioUser?: Persona;
  /** Grace for calls in flight at shutdown, milliseconds. */
  readonly shutdownGraceMs: number;
}

/** TLS of the listener; the files are read again when they change (spec page 06, "HTTP hardening"). */
export interface TlsSettings {
  /** Absolute paths of PEM files. */
  readonly cert: string;
  readonly key: string;
  /** Authorities that client certificates are checked against. */
  readonly ca?: string;
  /** Clients are asked for a certificate, which then says who they are. */
  readonly requestCert: boolean;
}

export interface LoggingSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `auto`: pretty on a terminal, else JSON. */
  readonly format: 'json' | 'pretty' | 'auto';
}

/** How TypeScript bodies run (spec page 08, "Isolation"). */
export interface BodySettings {
  /** `thread` is faster and gives up what the docs name: buffers outside of the heap limit, native crashes, `process.kill`. */
  readonly isolation: 'process' | 'thread';
  /** Whose calls a worker may serve after its first one: those of the same caller, of anyone, or nobody's. */
  readonly reuse: 'caller' | 'anyone' | 'never';
  /** Workers that run bodies at once. */
  readonly workers: number;
  /** Calls that may wait for a worker; one more is refused. */
  readonly queue: number;
  /** Resident memory of a worker, bytes. */
  readonly memoryBytes: number;
  /** Environment variables that workers get. */
  readonly env: readonly string[];
  /** Absolute folders. */
  readonly typescriptFolder: string;
  readonly pluginsFolder: string;
}

/** One entry of `plugin` (spec page 08, "Plugins"). */
export interface PluginSettings {
  readonly name: string;
  /** Absolute path of the module. */
  readonly module: string;
  readonly config: Json;
  readonly origin: Origin;
}
