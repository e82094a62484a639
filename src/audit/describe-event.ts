import { nowMicros } from '../lib/now-micros.js';
import type { RequestContext, Transport } from '../model/call.js';
import type { JsonObject } from '../model/json.js';
import type { MxcpError } from '../errors.js';
import { assembleEntry, type Describer } from './describe-call.js';
import type { AuditEntry } from './entry.js';
import { formatMicros } from './timestamp.js';

/** The record of a request that `admit` refused: who it was is not known, so nothing is said about it. */
export function describeRefusal(describer: Describer, context: RequestContext, error: MxcpError): AuditEntry {
  return assembleEntry(
    describer,
    undefined,
    context,
    { operation_type: 'auth', operation_name: 'admit', operation_status: 'error', input_data: {} },
    {
      durationMs: 0,
      policy: { decision: 'n/a' },
      errorCode: error.code,
      error: describer.redactor.text(error.message),
    },
  );
}

/** A rule as it stood when the server started or reloaded. */
export interface RuleText {
  readonly id: string;
  readonly hash: string;
  readonly text: string;
}

/** A change of the server's own state. */
export interface ServerEvent {
  readonly event: 'start' | 'stop' | 'reload';
  readonly transport: Transport;
  /** What to know about it: address, numbers, what failed. */
  readonly details: JsonObject;
  /** All effective rules, for `start` and `reload`. */
  readonly rules?: readonly RuleText[];
  /** Absent: it went well. */
  readonly error?: MxcpError | undefined;
  readonly durationMs?: number | undefined;
}

/**
 * The records of a server event: one, and as many more (`rules`) as the rules' texts need so that none is cut for the
 * size of a record. The project's digest is the describer's.
 */
export function describeServerEvent(describer: Describer, event: ServerEvent): AuditEntry[] {
  const { redactor } = describer;
  const base: Omit<AuditEntry, 'operation_name' | 'input_data'> = {
    timestamp: formatMicros(nowMicros()),
    operation_type: 'server',
    operation_status: event.error === undefined ? 'success' : 'error',
    caller_type: event.transport,
    duration_ms: event.durationMs ?? 0,
    policy_decision: 'n/a',
    project_digest: describer.projectDigest,
    error_code: event.error?.code,
    error: event.error === undefined ? undefined : redactor.text(event.error.message),
  };
  const parts = chunkRules(event.rules ?? [], describer.settings.maxRecordBytes / 4);
  return [
    { ...base, operation_name: event.event, input_data: redactor.named(event.details, new Map()) },
    ...parts.map((rules, index) => ({
      ...base,
      operation_name: 'rules',
      input_data: redactor.named(
        { event: event.event, part: index + 1, parts: parts.length, rules },
        new Map(),
      ),
    })),
  ];
}

/** A record of rules has room for redaction and escapes: `bytes` is well below its limit. */
function chunkRules(rules: readonly RuleText[], bytes: number): JsonObject[][] {
  const chunks: JsonObject[][] = [];
  let room = 0;
  for (const { id, hash, text } of rules) {
    const size = Buffer.byteLength(text) + id.length + hash.length;
    if (size > room || chunks.length === 0) {
      chunks.push([]);
      room = bytes;
    }
    room -= size;
    chunks.at(-1)?.push({ id, hash, text });
  }
  return chunks;
}
