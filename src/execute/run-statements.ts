import type { DuckDBPreparedStatement, DuckDBResult } from '@duckdb/node-api';
import { ExecuteFailedError } from '../errors.js';
import { throwIfStopped } from '../lib/stop-signal.js';
import type { JsonObject } from '../model/json.js';
import { refuseByType } from './author-sql.js';
import type { Binder } from './bind-value.js';
import type { BodyStatement } from './prepared-body.js';
import { refuseDeep } from './refuse-deep.js';
import { readRows, rowReaderOf, type ReadResult, type RowReading } from './read-rows.js';
import type { Session } from './session.js';
import type { ResultColumn } from '../model/effects.js';

/** What a run needs beside the statements. */
export interface StatementRun extends RowReading {
  readonly args: JsonObject;
  readonly binders: ReadonlyMap<string, Binder>;
}

export interface StatementsResult extends ReadResult {
  readonly columns: readonly ResultColumn[];
}

/** Runs the statements in order on a session; the last one's rows are the result. */
export async function runStatements(
  session: Session,
  statements: readonly BodyStatement[],
  run: StatementRun,
): Promise<StatementsResult> {
  const last = statements.at(-1);
  for (const statement of statements) {
    const result = await runOne(session, statement, run, statement === last);
    if (result) return result;
  }
  throw new ExecuteFailedError('The body has no statement');
}

async function runOne(
  session: Session,
  statement: BodyStatement,
  run: StatementRun,
  isLast: boolean,
): Promise<StatementsResult | undefined> {
  throwIfStopped(run.signal);
  if (statement.several) return runSeveral(session, statement, run, isLast);
  const prepared = await session.statementFor(statement.sql);
  try {
    refuseByType(prepared.statement, statement);
    bind(prepared.statement, prepared.parameters, run);
    throwIfStopped(run.signal);
    const result = await consume(await session.reading(prepared.statement.stream()), run, isLast);
    session.hasRead(result?.complete ?? true);
    return result;
  } finally {
    session.doneWith(statement.sql, prepared);
  }
}

/** PIVOT and IMPORT become several statements of DuckDB's, where a later one prepares only after an earlier one ran. */
async function runSeveral(
  session: Session,
  statement: BodyStatement,
  run: StatementRun,
  isLast: boolean,
): Promise<StatementsResult | undefined> {
  const extracted = await session.connection.extractStatements(statement.sql);
  let answer: StatementsResult | undefined;
  for (let index = 0; index < extracted.count; index += 1) {
    throwIfStopped(run.signal);
    const prepared = await extracted.prepare(index);
    try {
      refuseByType(prepared, statement);
      bind(prepared, namesOf(prepared), run);
      const result = await session.reading(prepared.stream());
      answer = await consume(result, run, isLast && index === extracted.count - 1);
      session.hasRead(answer?.complete ?? true);
    } finally {
      prepared.destroySync();
    }
  }
  return answer;
}

function namesOf(statement: DuckDBPreparedStatement): string[] {
  return Array.from({ length: statement.parameterCount }, (_, index) => statement.parameterName(index + 1));
}

function bind(statement: DuckDBPreparedStatement, parameters: readonly string[], run: StatementRun): void {
  for (let index = 0; index < parameters.length; index += 1) {
    const name = parameters[index] ?? '';
    const binder = run.binders.get(name);
    if (!binder) throw new ExecuteFailedError(`The body uses $${name}, which is not a parameter`);
    const value = Object.hasOwn(run.args, name) ? (run.args[name] ?? null) : null;
    refuseDeep(name, value);
    binder(statement, index + 1, value);
  }
}

/** Reads the rows of the last statement; runs the others to their end and drops theirs. */
async function consume(
  result: DuckDBResult,
  run: StatementRun,
  isLast: boolean,
): Promise<StatementsResult | undefined> {
  if (!isLast) {
    for (;;) {
      const chunk = await result.fetchChunk();
      throwIfStopped(run.signal);
      if (!chunk || chunk.rowCount === 0) return undefined;
    }
  }
  // Of the result, not of the statement: a changed table or view changes the columns of a prepared statement.
  const reader = rowReaderOf(result);
  const read = await readRows(result, reader, run);
  throwIfStopped(run.signal);
  return { ...read, columns: reader.columns };
}
