import {
  CancelledError,
  ExecuteConflictError,
  ExecuteFailedError,
  SqlRefusedError,
  isMxcpError,
  type MxcpError,
} from '../errors.js';
import { pluginFunctionText } from './plugin-function-error.js';

/** What DuckDB said, taken apart. `message` may quote data: it is for `cause` and for load-time problems only. */
export interface DuckdbFailure {
  /** DuckDB's class of failure without `Error`: `Binder`, `Conversion`, `TransactionContext` … */
  readonly type: string;
  readonly message: string;
  /** UTF-8 byte offset in the text that was executed or prepared. */
  readonly position?: number;
}

const publicTexts = new Map([
  ['Conversion', 'a value could not be converted to the type that is needed'],
  ['Out of Range', 'a value is out of the range of its type'],
  ['Constraint', 'a constraint of the database refused the change'],
  ['Invalid Input', 'the database refused an input value'],
  ['Binder', 'a statement does not fit the database (names or types)'],
  ['Catalog', 'a table, view or function does not exist'],
  ['Parser', 'a statement has a syntax error'],
  ['Permission', 'the settings of the database (duckdb.external_access) do not allow the operation'],
  ['IO', 'a file could not be read or written'],
  ['HTTP', 'a remote file could not be read'],
  ['Out of Memory', 'the query needs more memory than memory_limit allows'],
  ['INTERNAL', 'the database has a bug in this query'],
  ['FATAL', 'the database failed and must be opened again'],
  ['TransactionContext', 'the transaction could not be completed'],
]);

/**
 * Takes an error of the DuckDB client apart. Instances are opened with `errors_as_json`, so most texts are JSON; some have the
 * type and words of the client before it, or use the plain `Type Error: message` form. A message can be data that looks like
 * JSON (`error($text)`): JSON counts only where nothing but its own type is before it.
 */
export function readFailure(error: unknown): DuckdbFailure {
  const text = error instanceof Error ? error.message : String(error);
  const [, plain, message = text] =
    /^(?:Failed to [a-z ]+: )?(?:([A-Za-z][A-Za-z ]*?) Error: )?([\s\S]*)$/.exec(text) ?? [];
  const json = message.startsWith('{"exception_type"') ? readJsonFailure(message) : undefined;
  if (json && (plain === undefined || plain === json.type)) return json;
  return { type: titleCase(plain ?? 'Unknown'), message: firstParagraph(message) };
}

function readJsonFailure(text: string): DuckdbFailure | undefined {
  try {
    const parsed: unknown = JSON.parse(text.slice(0, text.lastIndexOf('}') + 1));
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    const fields = new Map<string, unknown>(Object.entries(parsed));
    const position = Number(fields.get('position') ?? Number.NaN);
    return {
      type: titleCase(String(fields.get('exception_type'))),
      message: firstParagraph(String(fields.get('exception_message'))),
      ...(Number.isSafeInteger(position) && { position }),
    };
  } catch {
    return undefined;
  }
}

function firstParagraph(text: string): string {
  return text.split('\n\nLINE ')[0] ?? text;
}

function titleCase(type: string): string {
  return type === 'INTERRUPT' ? 'Interrupt' : type;
}

/** True when two transactions changed the same rows or objects at once: the loser may be repeated. */
export function isConflict(failure: DuckdbFailure): boolean {
  if (failure.type !== 'TransactionContext' && failure.type !== 'Transaction') return false;
  return /conflict|PRIMARY KEY or UNIQUE/i.test(failure.message);
}

/** True when COMMIT wrote everything, and what failed is the checkpoint after it. */
export function isDurable({ message }: DuckdbFailure): boolean {
  return message.startsWith('Transaction COMMIT succeeded and is durable');
}

/** Classes of failure whose words concern statements, names and files, not the values of rows. */
const aboutStatements = new Set([
  'Binder',
  'Catalog',
  'Parser',
  'Permission',
  'IO',
  'HTTP',
  'Not implemented',
  'Syntax',
]);

/** What may be said to the operator: DuckDB's words, or the class of failure where they would quote a value. */
export function operatorText({ type, message }: DuckdbFailure): string {
  if (aboutStatements.has(type)) return message;
  return `${type}: ${publicTexts.get(type) ?? 'the database reported an error'}`;
}

/**
 * The error of ours for a failure while a body runs. Its message names the class of failure only, because DuckDB's own
 * words quote values of the data; they are kept in `cause`.
 */
export function toExecuteError(error: unknown): MxcpError {
  if (isMxcpError(error)) return error;
  const failure = readFailure(error);
  if (isConflict(failure)) {
    return new ExecuteConflictError('Another call changed the same rows at the same time', { cause: error });
  }
  const plugin = pluginFunctionText(failure.message);
  if (plugin !== undefined) return new ExecuteFailedError(plugin, { cause: error });
  if (failure.type === 'Interrupt') return new CancelledError('The query was interrupted', { cause: error });
  const text = publicTexts.get(failure.type) ?? 'the database reported an error';
  return new ExecuteFailedError(`SQL failed (${failure.type}): ${text}`, { cause: error });
}

/** DuckDB's words with every text in single quotes replaced, on one line and at most 500 characters long. */
export function withoutLiterals(message: string): string {
  return message
    .replaceAll(/'(?:[^']|'')*(?:'|$)/g, "'…'")
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 500);
}

/** The same without every text in any quotes: connectors quote what they were to connect to, with its password. */
export function withoutQuotes(message: string): string {
  return withoutLiterals(message.replaceAll(/"(?:[^"]|"")*(?:"|$)/g, "'…'"));
}

const aboutCallersSql = new Set(['Binder', 'Catalog', 'Parser', 'Syntax']);

/**
 * The error for SQL that a caller wrote and DuckDB could not prepare: its words are about the caller's text and the
 * catalogue that the caller may list, never about rows, and let the caller repair it. Others are given back unchanged.
 */
export function toCallersError(error: unknown): unknown {
  if (isMxcpError(error)) return error;
  const { type, message } = readFailure(error);
  if (!aboutCallersSql.has(type)) return error;
  return new SqlRefusedError(`${type} error: ${withoutLiterals(message)}`, { cause: error });
}
