import { StatementType, type DuckDBPreparedStatement } from '@duckdb/node-api';
import { ExecuteFailedError } from '../errors.js';
import type { Json, JsonObject } from '../model/json.js';
import type { TypeNode } from '../model/type-node.js';
import { compileBinder, type Binder } from './bind-value.js';
import { queryTypes } from './check-body.js';
import { hasLastingEffect, withQueriedText } from './function-effects.js';
import {
  explainedStatement,
  leadingWords,
  lexSql,
  splitStatements,
  type SqlSegment,
  type SqlToken,
} from './lex-sql.js';
import { beginsLikeQuery } from './only-reads.js';
import type { BodyStatement } from './prepared-body.js';
import { refusedStatement } from './refused-statement.js';

/** What the statements of a TypeScript body may do. */
export interface AuthorRights {
  /** Queries only: the endpoint says `readOnlyHint: true`. */
  readonly readOnly: boolean;
  /** Nothing that a rollback does not undo: a rule may deny the call after the body has run. */
  readonly undoable: boolean;
}

/** Statements that write outside of the database, or reach another one. */
const lastingWords = new Set(['copy', 'export', 'call', 'vacuum']);
/** Statements that change which databases the whole instance sees, or what it can do. */
const instanceWords = new Set(['attach', 'detach', 'use', 'install', 'load']);
/** DuckDB turns these into several statements. */
const severalWords = new Set(['pivot', 'unpivot', 'import']);

function isWord({ kind, text }: SqlToken, words: ReadonlySet<string>): boolean {
  return kind === 'word' && words.has(text.toLowerCase());
}

const runsText = /^(?:query|json_execute_serialized_sql|from_substrait)$/i;

/** Places of the calls that run SQL. */
function sqlCalls(tokens: readonly SqlToken[]): readonly number[] {
  const isCall = ({ kind, text }: SqlToken, index: number): boolean =>
    kind !== 'string' && runsText.test(text) && tokens[index + 1]?.text === '(';
  return tokens.flatMap((token, index) => (isCall(token, index) ? [index] : []));
}

/** True for SQL that is put together where nobody has read it: what `query()` runs is one text as it stands there. */
function runsUnknownSql({ tokens, text, start }: SqlSegment): boolean {
  return sqlCalls(tokens).some((index) => {
    const given = tokens[index + 2];
    if (tokens[index]?.text.toLowerCase() !== 'query' || given?.kind !== 'string') return true;
    const hasEscapes = /e/i.test(text.charAt(given.start - start));
    return hasEscapes || tokens[index + 3]?.text !== ')' || sqlCalls(lexSql(given.text)).length > 0;
  });
}

function refusal(
  segment: SqlSegment,
  rights: AuthorRights,
  effectCalls: (tokens: readonly SqlToken[]) => readonly SqlToken[],
): string | undefined {
  const refused = refusedStatement(segment);
  if (refused) return refused.message;
  const { tokens } = segment;
  const first = leadingWords(explainedStatement(segment), 1)[0] ?? '';
  if (runsUnknownSql(segment))
    return 'query() in a TypeScript body takes a plain text: what it runs must be readable';
  if (instanceWords.has(first)) return `${first.toUpperCase()} is not possible in a TypeScript body`;
  if (rights.readOnly) {
    const plain = beginsLikeQuery(tokens) && effectCalls(withQueriedText(tokens)).length === 0;
    const several = tokens.some((token) => isWord(token, severalWords));
    return plain && !several
      ? undefined
      : 'The endpoint says `readOnlyHint: true`, so that its body may run plain queries only';
  }
  const lasts =
    lastingWords.has(first) ||
    withQueriedText(tokens).some(
      ({ kind, text }) => kind !== 'string' && hasLastingEffect(text.toLowerCase()),
    );
  return rights.undoable && lasts
    ? 'An output rule may deny this call, and what the statement does cannot be undone'
    : undefined;
}

const origin = { file: '', line: 1, column: 1 };
const binderFor = new Map<TypeNode['type'], Binder>(
  (['string', 'integer', 'number', 'boolean', 'array', 'object'] as const).map((type) => [
    type,
    compileBinder({ type, origin }),
  ]),
);

function typeOf(value: Json): TypeNode['type'] {
  if (typeof value === 'boolean' || typeof value === 'string')
    return typeof value === 'string' ? 'string' : 'boolean';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'number';
  if (value === null) return 'string';
  return Array.isArray(value) ? 'array' : 'object';
}

function byName(params: JsonObject | readonly Json[]): JsonObject {
  if (!Array.isArray(params)) return params as JsonObject;
  return Object.fromEntries((params as readonly Json[]).map((value, index) => [String(index + 1), value]));
}

/**
 * Checks SQL that a TypeScript body wrote, as far as its text tells. Throws `ExecuteFailedError` with what the author has
 * to know.
 */
export type CheckText = (sql: string, rights: AuthorRights) => readonly BodyStatement[];

const rememberedTexts = 512;
const longestRemembered = 10_000;

/** A check of texts that remembers its latest ones: a body runs the same few again and again. */
export function createTextCheck(
  effectCalls: (tokens: readonly SqlToken[]) => readonly SqlToken[],
): CheckText {
  const known = new Map<string, readonly BodyStatement[]>();
  return (sql, rights) => {
    const key = `${rights.readOnly} ${rights.undoable} ${sql}`;
    const before = known.get(key);
    if (before) return before;
    const statements = checkText(sql, rights, effectCalls);
    if (known.size >= rememberedTexts) known.clear();
    if (sql.length <= longestRemembered) known.set(key, statements);
    return statements;
  };
}

function checkText(
  sql: string,
  rights: AuthorRights,
  effectCalls: (tokens: readonly SqlToken[]) => readonly SqlToken[],
): readonly BodyStatement[] {
  const segments = splitStatements(sql);
  if (segments.length === 0) throw new ExecuteFailedError('There is no statement in the text');
  for (const segment of segments) {
    const reason = refusal(segment, rights, effectCalls);
    if (reason !== undefined) throw new ExecuteFailedError(reason);
  }
  return segments.map((segment) => ({
    sql: segment.text,
    several: segment.tokens.some((token) => isWord(token, severalWords)),
    unseen: rights.readOnly ? 'query' : 'any',
  }));
}

/** Values of a body as named arguments, with what binds each. */
export function authorArguments(params: JsonObject | readonly Json[]): {
  readonly args: JsonObject;
  readonly binders: ReadonlyMap<string, Binder>;
} {
  const args = byName(params);
  const binders = new Map<string, Binder>();
  for (const [name, value] of Object.entries(args)) {
    const binder = binderFor.get(typeOf(value));
    if (binder) binders.set(name, binder);
  }
  return { args, binders };
}

/** An EXPLAIN that every reader reads alike, of a query or a change: EXPLAIN ANALYZE runs what it explains. */
const plainExplain =
  /^[ \t\r\n]*explain(?:[ \t\r\n]+analyze|[ \t\r\n]*\([\w ,]*\))?[ \t\r\n]+(?:select|from|with|values|insert|update|delete)[^\w]/i;

/**
 * DuckDB's own word on what is about to run, in case the text was read otherwise: no statement ends the call's transaction,
 * and where a query has to be, there is one (`WITH … INSERT` begins like one). Throws `ExecuteFailedError`.
 */
export function refuseByType(
  { statementType }: DuckDBPreparedStatement,
  { sql, unseen }: BodyStatement,
): void {
  const hidden = unseen !== undefined && statementType === StatementType.EXPLAIN && !plainExplain.test(sql);
  if (hidden || statementType === StatementType.TRANSACTION)
    throw new ExecuteFailedError('A body may not control its transaction, nor hide what EXPLAIN runs');
  if (unseen === 'query' && !queryTypes.has(statementType))
    throw new ExecuteFailedError('The endpoint says `readOnlyHint: true`, and the statement writes');
}
