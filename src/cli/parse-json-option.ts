import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../errors.js';
import type { Json } from '../model/json.js';

/** The text of the file that `@path` names, relative to `cwd`. Throws `UsageError` naming the option. */
export function readAtFile(reference: string, option: string, cwd: string): string {
  const path = resolve(cwd, reference.slice(1));
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`${option}: the file ${path} cannot be read`, { cause });
  }
}

/** A JSON text of an option. Throws `UsageError` naming the option, never quoting the text. */
export function parseJsonOption(text: string, option: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new UsageError(`${option}: this is not JSON`, { cause });
  }
}
