import type { IdentitySource } from '../model/caller.js';
import type { Transport } from '../model/call.js';
import type { Json, JsonObject } from '../model/json.js';
import type { PolicyDecision } from '../model/outcome.js';

export type OperationType = 'tool' | 'resource' | 'prompt' | 'completion' | 'auth' | 'admin' | 'server';

/** What stands in a record for a value that is too large to keep: its size and keyed hash, where they could be had. */
export interface Truncated {
  readonly truncated: true;
  readonly bytes?: number;
  readonly hash?: string;
}

/**
 * Everything that a record says, already redacted, before the writer gives it its place in the chain. Field names are
 * those of the published contract, `schemas/audit-record.schema.json` (spec page 05, "Record").
 */
export interface AuditEntry {
  readonly timestamp: string;
  readonly operation_type: OperationType;
  readonly operation_name: string;
  readonly operation_status: 'success' | 'error' | 'started';
  readonly caller_type: Transport;
  readonly duration_ms: number;
  readonly policy_decision: PolicyDecision;
  readonly input_data: JsonObject;
  readonly resource_uri?: string | undefined;
  readonly error_code?: string | undefined;
  readonly error?: string | undefined;
  readonly user_id?: string | null | undefined;
  readonly user_key?: string | null | undefined;
  readonly username?: string | null | undefined;
  readonly role?: string | undefined;
  readonly provider?: string | null | undefined;
  readonly identity_source?: IdentitySource | undefined;
  readonly os_user?: string | null | undefined;
  readonly client_id?: string | null | undefined;
  readonly client_name?: string | undefined;
  readonly client_version?: string | undefined;
  readonly ip?: string | undefined;
  readonly user_agent?: string | undefined;
  readonly scopes?: readonly string[] | 'all' | undefined;
  readonly session_id?: string | undefined;
  readonly trace_id?: string | undefined;
  readonly call_id?: string | undefined;
  readonly parent_call_id?: string | undefined;
  readonly output_data?: Json | undefined;
  readonly output_rows?: number | undefined;
  readonly output_bytes?: number | undefined;
  readonly policies_evaluated?: Json | undefined;
  readonly policy_reason?: string | undefined;
  readonly policy_rule?: string | undefined;
  readonly policy_rule_hash?: string | undefined;
  readonly policy_actions?: Json | undefined;
  readonly policy_shadow?: Json | undefined;
  readonly project_digest?: string | undefined;
  readonly execution_events?: Json | undefined;
  readonly business_context?: JsonObject | undefined;
}

/** What the writer adds to an entry: its place in the chain. */
export interface ChainPlace {
  readonly schema_name: 'mxcp.endpoints';
  readonly schema_version: 2;
  readonly record_id: string;
  readonly seq: number;
  /** The `seq` of this call's `started` record, on the record of its outcome. */
  readonly started_seq: number | undefined;
  readonly prev_hash: string | null;
}
