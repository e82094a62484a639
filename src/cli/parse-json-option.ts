import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../errors.js';
import { jsonErrorAt } from '../lib/json-error-at.js';
import type { Json, JsonObject } from '../model/json.js';
import { readJson, unreadableErrors, type UnreadableReason } from '../transport/read-json.js';

function readBytes(path: string, option: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new UsageError(`${option}: the file ${path} cannot be read`, { cause });
  }
}

/** Where the text breaks, for the person who wrote it; nothing of the text itself, which may be on record somewhere. */
function placeOf(reason: UnreadableReason, bytes: Buffer): string {
  if (reason !== 'syntax') return '';
  const text = bytes.toString('utf8');
  const lines = text.slice(0, jsonErrorAt(text)).split('\n');
  return ` at line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`;
}

/**
 * JSON from an option: the text itself, or `@path`, a file relative to `cwd`. As strict as JSON from a client. Throws
 * `UsageError` naming the option and never quoting the text.
 */
export function parseJsonOption(value: string, option: string, cwd: string): Json {
  const bytes = value.startsWith('@') ? readBytes(resolve(cwd, value.slice(1)), option) : Buffer.from(value);
  const read = readJson(bytes);
  if (!read.ok)
    throw new UsageError(`${option}: ${unreadableErrors[read.reason].message}${placeOf(read.reason, bytes)}`);
  return read.value;
}

/** The same, for an option that takes a JSON object. */
export function parseObjectOption(value: string, option: string, cwd: string): JsonObject {
  const json = parseJsonOption(value, option, cwd);
  if (typeof json === 'object' && json !== null && !isList(json)) return json;
  throw new UsageError(`${option}: expected a JSON object`);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
