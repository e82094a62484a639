import type { Json } from '../../model/json.js';
import { readJson, unreadableErrors } from '../read-json.js';
import { rpcCodes } from '../present-error.js';

/** Messages in one batch. */
const maxBatch = 50;

/** Revisions that have batches; 2025-06-18 removed them. Without the header a request is of 2025-03-26 or earlier. */
const batchRevisions: ReadonlySet<string | undefined> = new Set([
  undefined,
  '2024-10-07',
  '2024-11-05',
  '2025-03-26',
]);

/** A body that was read, or the JSON-RPC error that answers it. */
export type ReadBody =
  | { readonly ok: true; readonly body: Json }
  | { readonly ok: false; readonly code: number; readonly message: string };

function refuse(message: string): ReadBody {
  return { ok: false, code: rpcCodes.request, message };
}

function idsOf(batch: readonly Json[]): Json[] {
  return batch.flatMap((message) =>
    typeof message === 'object' && message !== null && 'id' in message ? [message['id'] ?? null] : [],
  );
}

function checkBatch(batch: readonly Json[], revision: string | undefined): ReadBody {
  if (!batchRevisions.has(revision)) return refuse('Invalid request: this protocol revision has no batches');
  if (batch.length > maxBatch) return refuse(`Invalid request: a batch has at most ${maxBatch} messages`);
  const ids = idsOf(batch);
  if (new Set(ids).size !== ids.length)
    return refuse('Invalid request: two messages of the batch have the same id');
  return { ok: true, body: batch };
}

/** Reads the body of a POST before anything is dispatched: strict JSON, and bounded batches of old revisions only. */
export function readBody(bytes: Buffer, revision: string | undefined): ReadBody {
  const read = readJson(bytes);
  if (!read.ok) return { ok: false, ...unreadableErrors[read.reason] };
  return Array.isArray(read.value)
    ? checkBatch(read.value as readonly Json[], revision)
    : { ok: true, body: read.value };
}
