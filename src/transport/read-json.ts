import { isUtf8 } from 'node:buffer';
import { measureJson } from '../lib/measure-json.js';
import type { Json } from '../model/json.js';
import { rpcCodes } from './present-error.js';

/** Levels of arrays and objects that a message may have. */
const maxDepth = 64;

/** Why a message was not read; each has a fixed text, so that no refusal quotes what came. */
export type UnreadableReason =
  'utf8' | 'syntax' | 'depth' | 'duplicate-key' | 'reserved-key' | 'surrogate' | 'number';

interface RpcError {
  readonly code: number;
  readonly message: string;
}

const noText = (why: string): RpcError => ({ code: rpcCodes.parse, message: `Parse error: ${why}` });
const noMessage = (why: string): RpcError => ({ code: rpcCodes.request, message: `Invalid request: ${why}` });

/** The JSON-RPC error that answers each reason. */
export const unreadableErrors: Readonly<Record<UnreadableReason, RpcError>> = {
  utf8: noText('the message is not valid UTF-8'),
  syntax: noText('the message is not valid JSON'),
  depth: noMessage(`the message is nested deeper than ${maxDepth} levels`),
  'duplicate-key': noMessage('the message has a duplicate key'),
  'reserved-key': noMessage('the key __proto__ is not accepted'),
  surrogate: noText('the message has a lone surrogate, which no Unicode text has'),
  number: noMessage('the message has a number that is out of range'),
};

/** A message that was read, or why it was not. */
export type ReadJson =
  { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly reason: UnreadableReason };

class Unreadable extends Error {
  readonly reason: UnreadableReason;

  constructor(reason: UnreadableReason) {
    super(reason);
    this.reason = reason;
  }
}

const loneSurrogate = /\p{Surrogate}/u;

function checkText(text: string): void {
  if (loneSurrogate.test(text)) throw new Unreadable('surrogate');
}

/** Counts the members that parsing kept: fewer than were written means that a key came twice. */
function countKept(value: Json, escapes: boolean): number {
  if (typeof value === 'string') {
    if (escapes) checkText(value);
    return 0;
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Unreadable('number');
    return 0;
  }
  if (typeof value !== 'object' || value === null) return 0;
  let members = 0;
  for (const [key, child] of Object.entries(value)) {
    members += countKept(child, escapes);
    if (Array.isArray(value)) continue;
    members += 1;
    if (key === '__proto__') throw new Unreadable('reserved-key');
    if (escapes) checkText(key);
  }
  return members;
}

function read(bytes: Buffer): Json {
  if (!isUtf8(bytes)) throw new Unreadable('utf8');
  const text = bytes.toString('utf8');
  const { members, depth } = measureJson(text);
  if (depth > maxDepth) throw new Unreadable('depth');
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    throw new Unreadable('syntax');
  }
  // Text that was decoded from UTF-8 has no lone surrogate, so that only an escape can write one.
  if (countKept(value, /\\u[dD]/.test(text)) !== members) throw new Unreadable('duplicate-key');
  return value;
}

/**
 * Reads one JSON text strictly (RFC 8259 and I-JSON, RFC 7493): valid UTF-8 without BOM, no duplicate key at any depth, no
 * lone surrogate, no number beyond a double's range, no `__proto__` key, at most 64 levels. Linear in the text's length.
 */
export function readJson(bytes: Buffer): ReadJson {
  try {
    return { ok: true, value: read(bytes) };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, reason: error.reason };
    throw error;
  }
}
