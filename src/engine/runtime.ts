import type { VerifiedIdentity } from '../auth/identity.js';
import type { Auth } from '../auth/open-auth.js';
import type { AuditLog } from '../audit/audit-log.js';
import type { Describer } from '../audit/describe-call.js';
import type { Problem } from '../errors.js';
import type { Database } from '../execute/database.js';
import type { Bodies } from '../execute/typescript/open-bodies.js';
import type { StopSignal } from '../lib/stop-signal.js';
import type { Caller, Persona } from '../model/caller.js';
import type { Transport } from '../model/call.js';
import type { Project } from '../model/project.js';
import type { EndpointKind } from '../model/rule.js';
import type { ElicitStates } from './elicit-state.js';
import type { ListingCache } from './listing-cache.js';
import type { Logger } from './logger.js';
import type { Rates } from './rates.js';
import type { ScopeRules } from './scope-rules.js';
import type { Registry } from './registry.js';

/** A project that is being served: everything that a call needs. Replaced as a whole, never changed (spec page 01). */
export interface Runtime {
  readonly project: Project;
  readonly registry: Registry;
  readonly database: Database;
  /** Workers of TypeScript bodies; absent on a site that has none. */
  readonly bodies: Bodies | undefined;
  /** Keeps what was answered between the rounds of a call. */
  readonly elicitStates: ElicitStates;
  readonly audit: AuditLog;
  readonly describer: Describer;
  readonly logger: Logger;
  /** What the compile found worth a warning. */
  readonly warnings: readonly Problem[];
  readonly listings: ReadonlyMap<EndpointKind, ListingCache>;
  /** The caller of a transport without credentials: anonymous, or the persona that the operator states. */
  readonly callerOf: (transport: Transport, persona?: Persona) => Caller;
  /** The caller behind a credential that `auth` has verified. */
  readonly callerFor: (identity: VerifiedIdentity) => Caller;
  /** The ways in; absent where nothing asks for a credential, and on transports without any. */
  readonly auth: Auth | undefined;
  readonly scopes: ScopeRules;
  readonly rates: Rates;
  /** Counts a call in and returns what counts it out; undefined once the runtime is closing. */
  readonly enter: () => (() => void) | undefined;
  /** Aborts when running calls are cancelled because the server stops. */
  readonly stopping: StopSignal;
  /** Calls running now. */
  readonly running: () => number;
  /** True while new calls are taken, the audit log can be written, and the database is sound and can become free. */
  readonly ready: () => boolean;
  /** Refuses new calls, waits for running ones up to `graceMs`, cancels the rest, flushes the log, closes the database. */
  readonly close: (graceMs?: number) => Promise<void>;
}
