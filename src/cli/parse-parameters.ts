import { Option } from 'commander';
import { UsageError } from '../errors.js';
import type { Json, JsonObject } from '../model/json.js';
import { parseJsonOption } from './parse-json-option.js';

/**
 * `-p name=value`, `-p name=@file.json`: the raw arguments of a call. A value is text, which binding converts to the
 * declared type; a file holds JSON. Throws `UsageError`.
 */
export function parseParameters(assignments: readonly string[], cwd: string): JsonObject {
  const values = Object.create(null) as Record<string, Json>;
  for (const assignment of assignments) {
    const equals = assignment.indexOf('=');
    if (equals < 1) throw new UsageError(`-p ${assignment}: expected name=value or name=@file.json`);
    const name = assignment.slice(0, equals);
    const value = assignment.slice(equals + 1);
    if (name in values) throw new UsageError(`-p ${name}: given twice`);
    values[name] = value.startsWith('@') ? parseJsonOption(value, `-p ${name}`, cwd) : value;
  }
  return values;
}

/** `-p name=value`, repeatable, of a command where it stands for `what`. */
export function parameterOption(what: string): Option {
  return new Option('-p, --param <name=value>', `${what}, or name=@file.json; repeatable`)
    .argParser((value: string, previous: readonly string[]): readonly string[] => [...previous, value])
    .default([], 'none');
}
