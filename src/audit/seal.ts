import { createHash, hash } from 'node:crypto';
import type { Json } from '../model/json.js';
import { canonicalJson, canonicalString } from '../lib/canonical-json.js';
import type { AuditEntry, ChainPlace } from './entry.js';
import type { Signer } from './sign.js';

/** Every field of a record but `record_hash` and `signature`, in canonical order. */
export const recordFields = [
  'business_context',
  'call_id',
  'caller_type',
  'client_id',
  'client_name',
  'client_version',
  'duration_ms',
  'error',
  'error_code',
  'execution_events',
  'identity_source',
  'input_data',
  'ip',
  'operation_name',
  'operation_status',
  'operation_type',
  'os_user',
  'output_bytes',
  'output_data',
  'output_rows',
  'parent_call_id',
  'policies_evaluated',
  'policy_actions',
  'policy_decision',
  'policy_reason',
  'policy_rule',
  'policy_rule_hash',
  'policy_shadow',
  'prev_hash',
  'project_digest',
  'provider',
  'record_id',
  'resource_uri',
  'role',
  'schema_name',
  'schema_version',
  'scopes',
  'seq',
  'session_id',
  'started_seq',
  'timestamp',
  'trace_id',
  'user_agent',
  'user_id',
  'user_key',
  'username',
] as const satisfies readonly (keyof AuditEntry | keyof ChainPlace)[];

const placeFields: ReadonlySet<string> = new Set<keyof ChainPlace>([
  'schema_name',
  'schema_version',
  'record_id',
  'seq',
  'started_seq',
  'prev_hash',
]);

function isPlaceField(name: keyof AuditEntry | keyof ChainPlace): name is keyof ChainPlace {
  return placeFields.has(name);
}

type FieldText = (entry: AuditEntry, place: ChainPlace) => string;

function fieldText(prefix: string, value: Json | undefined): string {
  if (value === undefined) return '';
  return prefix + (typeof value === 'string' ? canonicalString(value) : canonicalJson(value));
}

const fields = recordFields.map((name): FieldText => {
  const prefix = `,"${name}":`;
  if (isPlaceField(name)) return (_, place) => fieldText(prefix, place[name]);
  return (entry) => fieldText(prefix, entry[name]);
});

/** The canonical text (RFC 8785) of a record without `record_hash` and `signature`: what its hash is over. */
export function canonicalRecord(entry: AuditEntry, place: ChainPlace): string {
  let text = '';
  for (const field of fields) text += field(entry, place);
  return `{${text.slice(1)}}`;
}

/** A record made ready to be written: one line with its end, and the hash that the next one names. */
export interface SealedRecord {
  readonly line: string;
  readonly hash: string;
  readonly signature: string | undefined;
}

/** Hashes and signs the canonical text of a record; the two results stand at the end of the line. */
export function sealRecord(canonical: string, signer: Signer | undefined): SealedRecord {
  const digest = hash('sha256', canonical, 'hex');
  const signature = signer?.(digest);
  const tail = signature === undefined ? '' : `,"signature":"${signature}"`;
  return { line: `${canonical.slice(0, -1)},"record_hash":"${digest}"${tail}}\n`, hash: digest, signature };
}

const sealPattern = /^,"record_hash":"([0-9a-f]{64})"(?:,"signature":"([a-z0-9-]+:[\w-]+)")?\}$/;

/** What stands at the end of a sealed line. */
export interface Seal {
  /** The SHA-256 that the line claims. */
  readonly hash: string;
  readonly signature: string | undefined;
  /** How many bytes of the line, without the closing brace, the hash is over. */
  readonly covered: number;
}

/** Reads the seal of a line, without its end; undefined when it has none. Checks nothing. */
export function readSeal(line: Buffer): Seal | undefined {
  const covered = line.lastIndexOf(',"record_hash":"');
  const match = covered === -1 ? null : sealPattern.exec(line.toString('latin1', covered));
  return match?.[1] === undefined ? undefined : { hash: match[1], signature: match[2], covered };
}

/** The hash that a line should have, over its bytes as they are: text that only decodes to the same is not the same. */
export function hashLine(line: Buffer, seal: Seal): string {
  return createHash('sha256').update(line.subarray(0, seal.covered)).update('}').digest('hex');
}
