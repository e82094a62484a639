import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { OperatorResult } from '../engine/operator-query.js';
import { releasedJson } from '../engine/released-json.js';
import { UsageError } from '../errors.js';
import type { Limits } from '../model/endpoint.js';
import type { Json, JsonObject } from '../model/json.js';
import { cliRequest } from './cli-request.js';
import type { Context, ExitCode, Invoke } from './context.js';
import { countText } from './count-text.js';
import { openSite, withRuntime } from './open-site.js';
import { printNote, printResult } from './output.js';
import { parameterOption, parseParameters } from './parse-parameters.js';
import { presentError } from './present-error.js';
import { tableText } from './table.js';

export interface QueryOptions {
  readonly file?: string;
  readonly param: readonly string[];
  readonly readonly?: true;
}

/** What an operator waits for, and what a terminal can show. A JSON document is complete or an error. */
function limitsFor(json: boolean): Limits {
  return {
    timeoutMs: 3_600_000,
    maxRows: 10_000,
    maxScanRows: 1_000_000,
    maxBytes: 10 * 1024 * 1024,
    onLimit: json ? 'error' : 'truncate',
  };
}

function readSql(sql: string | undefined, file: string | undefined, cwd: string): string {
  if (sql !== undefined && file !== undefined) throw new UsageError('Give SQL or --file, not both');
  if (sql !== undefined) return sql;
  if (file === undefined) throw new UsageError('Give SQL, or a file with --file');
  const path = resolve(cwd, file);
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`The file ${path} cannot be read`, { cause });
  }
}

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** There is no declared type to convert to: `true`, `null`, numbers and `"texts"` are read as JSON, all else is text. */
function typed(value: Json): Json {
  if (typeof value !== 'string') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  if (value === 'null') return null;
  if (jsonNumber.test(value)) {
    const number = Number(value);
    return Number.isInteger(number) && !Number.isSafeInteger(number) ? value : number;
  }
  return unquoted(value);
}

function unquoted(text: string): string {
  if (!text.startsWith('"')) return text;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : text;
  } catch {
    return text; // a text that only begins like a JSON string is meant as it is
  }
}

function typedParameters(assignments: readonly string[], cwd: string): JsonObject {
  const values = Object.create(null) as Record<string, Json>;
  for (const [name, value] of Object.entries(parseParameters(assignments, cwd))) values[name] = typed(value);
  return values;
}

function cellText(value: Json | undefined): string {
  if (value === undefined || value === null) return 'NULL';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isRow(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function rowsText(context: Context, rows: Json, names: readonly string[]): string {
  const list = Array.isArray(rows) ? rows.filter(isRow) : [];
  const count = countText(list.length, 'row');
  if (names.length === 0) return count;
  const cells = list.map((row) => names.map((name) => cellText(row[name])));
  return `${tableText(names, cells, context.colors.stdout)}\n${context.colors.stdout.dim(count)}`;
}

function printOutcome(context: Context, { outcome, columns }: OperatorResult): ExitCode {
  if (outcome.status !== 'success') {
    presentError(context, outcome.error, { call_id: outcome.callId }, 'EXECUTE_FAILED');
    return 1; // also for SQL that does not prepare: nothing is wrong with the project
  }
  const { released } = outcome;
  const rows = releasedJson(released);
  const names = columns.map(({ name }) => name);
  printResult(context, rows, () => rowsText(context, rows, names));
  if (released.form === 'value' && released.truncated) printNote(context, 'There are more: cut at a limit');
  return 0;
}

/** Runs SQL on the site's database as the operator: no rules; recorded. Exit code 1 when it fails. */
export async function query(
  context: Context,
  sql: string | undefined,
  options: QueryOptions,
): Promise<ExitCode> {
  const { cwd, interrupts } = context.world;
  const text = readSql(sql, options.file, cwd);
  const parameters = typedParameters(options.param, cwd);
  const site = await openSite(context, {
    overrides: { readonly: options.readonly },
    ignoreErrors: () => true,
  });
  if (options.readonly === true && site.project.database.path === ':memory:') {
    printNote(
      context,
      'The database is in memory, where --readonly has no effect: nothing of it outlives this command',
    );
  }
  return withRuntime(context, site, 'run', async (runtime) => {
    const { queryAsOperator } = await import('../engine/operator-query.js');
    const result = await queryAsOperator(runtime, {
      sql: text,
      parameters,
      caller: runtime.callerOf('cli', { claims: {} }),
      context: cliRequest({}),
      limits: limitsFor(context.options.json),
      signal: interrupts(),
    });
    return printOutcome(context, result);
  });
}

/** `mxcp query [SQL]`. */
export function configure(command: Command, invoke: Invoke): void {
  command
    .argument('[sql]', 'the SQL')
    .option('--file <file>', 'file with the SQL')
    .addOption(parameterOption('a parameter ($name)'))
    .option('--readonly', 'open the database read-only')
    .action((sql: string | undefined, options: QueryOptions) =>
      invoke((context) => query(context, sql, options)),
    );
}
