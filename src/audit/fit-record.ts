import type { AuditEntry, ChainPlace, Truncated } from './entry.js';
import { canonicalJson } from '../lib/canonical-json.js';
import { canonicalRecord } from './seal.js';

/** What may be given up to keep a record within its size, the largest first. */
const shrinkable = [
  'output_data',
  'input_data',
  'execution_events',
  'business_context',
  'policy_actions',
  'policy_shadow',
  'policies_evaluated',
] as const satisfies readonly (keyof AuditEntry)[];

/** Room for `record_hash` and `signature`, which come later. */
const sealBytes = 256;

/** The canonical text of a record, with its largest values replaced by their size when it is longer than `maxBytes`. */
export function fitRecord(entry: AuditEntry, place: ChainPlace, maxBytes: number): string {
  const text = canonicalRecord(entry, place);
  const room = maxBytes - sealBytes;
  if (text.length * 3 <= room || Buffer.byteLength(text) <= room) return text;
  const sizes = shrinkable
    .map((name) => ({
      name,
      bytes: entry[name] === undefined ? 0 : Buffer.byteLength(canonicalJson(entry[name])),
    }))
    .filter(({ bytes }) => bytes > sealBytes)
    .sort((left, right) => right.bytes - left.bytes);
  let smaller = entry;
  let shrunk = text;
  for (const { name, bytes } of sizes) {
    if (Buffer.byteLength(shrunk) <= room) break;
    const stub: Truncated = { truncated: true, bytes };
    smaller = { ...smaller, [name]: stub };
    shrunk = canonicalRecord(smaller, place);
  }
  return shrunk;
}
