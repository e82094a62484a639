import {
  StatementType,
  type DuckDBConnection,
  type DuckDBMaterializedResult,
  type DuckDBPreparedStatement,
} from '@duckdb/node-api';
import type { ResultColumn } from '../model/effects.js';
import { hasLastingEffect } from './function-effects.js';
import { readFailure } from './duckdb-error.js';
import { explainedStatement, leadingWords, type SqlToken } from './lex-sql.js';
import type { BodyStatement, WrittenStatement } from './prepared-body.js';
import { preparedColumns } from './read-rows.js';
import type { SampleBinder } from './sample-values.js';
import { fromDuckdb, type Finding } from './sql-problem.js';

/** What DuckDB told about a body. */
export interface BodyFacts {
  readonly columns: readonly ResultColumn[] | undefined;
  readonly parameterNames: ReadonlySet<string>;
  readonly statements: readonly BodyStatement[];
  /** Plain queries only: they may share connections. */
  readonly onlyQueries: boolean;
  /** It changes something that a rollback of the database does not undo. */
  readonly lasting: boolean;
  /** Several statements of DuckDB's in one, of which one changes rows: none of them was planned. */
  readonly unplanned: boolean;
}

/** A statement that DuckDB does not accept. */
export class BodyRefused extends Error {
  readonly finding: Finding;

  constructor(finding: Finding) {
    super(finding.message);
    this.finding = finding;
  }
}

/** What only reads, by DuckDB's own word. */
export const queryTypes: ReadonlySet<StatementType> = new Set([StatementType.SELECT, StatementType.EXPLAIN]);

/** Executed at load, so that later statements see what they define. */
const definitionTypes = new Set<StatementType>([
  StatementType.CREATE,
  StatementType.CREATE_FUNC,
  StatementType.ALTER,
  StatementType.DROP,
  StatementType.SET,
  StatementType.VARIABLE_SET,
  StatementType.ATTACH,
  StatementType.DETACH,
  StatementType.PREPARE,
]);

const changeTypes = new Set<StatementType>([
  StatementType.INSERT,
  StatementType.UPDATE,
  StatementType.DELETE,
  StatementType.MERGE_INTO,
]);

/**
 * Checks the statements of a body in order on one connection: each is prepared, definitions are executed (tables without
 * their data). `explain` also plans queries and changes, which makes DuckDB check what they would write to.
 */
export async function checkStatements(
  connection: DuckDBConnection,
  statements: readonly WrittenStatement[],
  samples: readonly SampleBinder[],
  explain: boolean,
): Promise<BodyFacts> {
  const names = new Set<string>();
  const checked: BodyStatement[] = [];
  let columns: readonly ResultColumn[] | undefined;
  let onlyQueries = true;
  let lasting = false;
  let unplanned = false;
  for (const statement of statements) {
    const facts = await refusing(statement, () => checkOne(connection, statement, samples, explain));
    facts.names.forEach((name) => names.add(name));
    checked.push({ sql: statement.sql, several: facts.several });
    columns = facts.columns;
    onlyQueries &&= facts.isQuery;
    lasting ||= facts.lasting;
    unplanned ||= facts.unplanned;
  }
  return { columns, parameterNames: names, statements: checked, onlyQueries, lasting, unplanned };
}

interface StatementFacts {
  readonly names: readonly string[];
  readonly columns: readonly ResultColumn[] | undefined;
  readonly several: boolean;
  readonly isQuery: boolean;
  readonly lasting: boolean;
  readonly unplanned: boolean;
}

async function refusing<T>(statement: WrittenStatement, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BodyRefused) throw error;
    throw new BodyRefused(fromDuckdb(error, statement));
  }
}

async function checkOne(
  connection: DuckDBConnection,
  statement: WrittenStatement,
  samples: readonly SampleBinder[],
  explain: boolean,
): Promise<StatementFacts> {
  let prepared: DuckDBPreparedStatement;
  try {
    prepared = await connection.prepare(statement.sql);
  } catch (error) {
    if (!readFailure(error).message.includes('multiple statements')) throw error;
    return checkSeveral(connection, statement, samples);
  }
  try {
    return await checkPrepared(connection, statement, prepared, samples, explain);
  } finally {
    prepared.destroySync();
  }
}

async function checkPrepared(
  connection: DuckDBConnection,
  statement: WrittenStatement,
  prepared: DuckDBPreparedStatement,
  samples: readonly SampleBinder[],
  explain: boolean,
): Promise<StatementFacts> {
  const type = prepared.statementType;
  const isQuery = queryTypes.has(type);
  const columns =
    preparedColumns(prepared) ??
    (type === StatementType.SELECT ? await describe(connection, statement, samples) : undefined);
  if (definitionTypes.has(type)) await define(connection, statement, samples);
  else if (explain && (isQuery || changeTypes.has(type))) await plan(connection, statement, samples);
  return {
    names: parameterNames(prepared),
    columns,
    several: false,
    isQuery,
    lasting: isLasting(type, statement.segment.tokens),
    unplanned: false,
  };
}

/** Statements whose effect is outside of the database's transactions, or that nobody looked into. */
function isLasting(type: StatementType, tokens: readonly SqlToken[]): boolean {
  const known = queryTypes.has(type) || definitionTypes.has(type) || changeTypes.has(type);
  return (
    !known || tokens.some((token) => token.kind === 'word' && hasLastingEffect(token.text.toLowerCase()))
  );
}

async function checkSeveral(
  connection: DuckDBConnection,
  statement: WrittenStatement,
  samples: readonly SampleBinder[],
): Promise<StatementFacts> {
  const extracted = await connection.extractStatements(statement.sql);
  const names: string[] = [];
  let columns: readonly ResultColumn[] | undefined;
  let unplanned = false;
  let lasting = false;
  for (let index = 0; index < extracted.count; index += 1) {
    const prepared = await extracted.prepare(index);
    try {
      const type = prepared.statementType;
      names.push(...parameterNames(prepared));
      columns = preparedColumns(prepared);
      unplanned ||= !queryTypes.has(type) && !definitionTypes.has(type);
      lasting ||= isLasting(type, statement.segment.tokens);
      if (definitionTypes.has(type)) {
        samples[0]?.(prepared);
        await prepared.run();
      }
    } finally {
      prepared.destroySync();
    }
  }
  return { names, columns, several: true, isQuery: false, lasting, unplanned };
}

function parameterNames(prepared: DuckDBPreparedStatement): string[] {
  return Array.from({ length: prepared.parameterCount }, (_, index) => prepared.parameterName(index + 1));
}

/** Columns of a query that DuckDB can type only with values. */
async function describe(
  connection: DuckDBConnection,
  statement: WrittenStatement,
  samples: readonly SampleBinder[],
): Promise<readonly ResultColumn[] | undefined> {
  const described = await withSamples(connection, statement, samples, 'DESCRIBE ');
  const rows = Array.from({ length: described.chunkCount }, (_, index) =>
    described.getChunk(index).getRows(),
  );
  return rows.flat().map(([name, type]) => ({ name: String(name), type: String(type) }));
}

/** Plans a statement without running it. */
async function plan(
  connection: DuckDBConnection,
  statement: WrittenStatement,
  samples: readonly SampleBinder[],
): Promise<void> {
  await withSamples(connection, withoutExplain(statement), samples, 'EXPLAIN ');
}

async function define(
  connection: DuckDBConnection,
  statement: WrittenStatement,
  samples: readonly SampleBinder[],
): Promise<void> {
  const sql = createsFromQuery(statement) ? `${statement.sql} WITH NO DATA` : statement.sql;
  await withSamples(connection, { ...statement, sql }, samples, '');
}

/** Runs a statement with sample values: those of the declared types, else NULLs. The first failure counts. */
async function withSamples(
  connection: DuckDBConnection,
  statement: WrittenStatement,
  samples: readonly SampleBinder[],
  prefix: string,
): Promise<DuckDBMaterializedResult> {
  const prepared = await connection.prepare(prefix + statement.sql);
  let first: unknown;
  try {
    for (const bind of prepared.parameterCount === 0 ? samples.slice(0, 1) : samples) {
      try {
        bind(prepared);
        return await prepared.run();
      } catch (error) {
        first ??= error;
      }
    }
  } finally {
    prepared.destroySync();
  }
  throw new BodyRefused(fromDuckdb(first, statement, prefix));
}

function withoutExplain(statement: WrittenStatement): WrittenStatement {
  const { text } = explainedStatement(statement.segment);
  return text === statement.segment.text ? statement : { ...statement, sql: text };
}

/** True for CREATE TABLE … AS and its relatives, which take WITH NO DATA. */
function createsFromQuery({ segment }: WrittenStatement): boolean {
  const words = leadingWords(segment, 5);
  if (words[0] !== 'create' || !words.includes('table')) return false;
  let depth = 0;
  let as = false;
  for (const token of segment.tokens) {
    if (token.kind === 'symbol' && token.text === '(') depth += 1;
    if (token.kind === 'symbol' && token.text === ')') depth -= 1;
    if (depth === 0 && token.kind === 'word' && /^as$/i.test(token.text)) as = true;
  }
  const ending = segment.tokens.slice(-3).map((token) => token.text.toLowerCase());
  return as && ending.join(' ') !== 'with no data' && ending.slice(1).join(' ') !== 'with data';
}
