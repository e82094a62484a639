import type { DuckDBConnection } from '@duckdb/node-api';
import type { SourceText } from '../lib/source-text.js';
import type { Parameter } from '../model/type-node.js';
import { compileBinder } from './bind-value.js';
import type { CallerRegistry } from './caller-functions.js';
import { BodyRefused, checkStatements, type BodyFacts } from './check-body.js';
import { findDynamicUses } from './dynamic-uses.js';
import { readFailure } from './duckdb-error.js';
import { withQueriedText } from './function-effects.js';
import { leadingWords, splitStatements, type SqlSegment, type SqlToken } from './lex-sql.js';
import { beginsLikeQuery } from './only-reads.js';
import type { Preparation, PreparedSql, WrittenStatement } from './prepared-body.js';
import { refusedStatement } from './refused-statement.js';
import { sampleBinders, type SampleBinder } from './sample-values.js';
import { toProblem } from './sql-problem.js';

/** Where bodies are checked. */
export interface CheckSite {
  readonly callers: CallerRegistry;
  /**
   * `shared`: with a connection that other checks used, beside other checks; only queries without effects are prepared on it.
   * `alone`: with a new one, while no other check runs.
   */
  readonly onConnection: <T>(
    kind: 'shared' | 'alone',
    work: (connection: DuckDBConnection) => Promise<T>,
  ) => Promise<T>;
  /** Calls of functions with effects among some tokens, also through views and macros. */
  readonly effectCalls: (tokens: readonly SqlToken[]) => readonly SqlToken[];
  /** Calls of functions that take SQL, a file or a URL, also through macros. */
  readonly sourceCalls: (tokens: readonly SqlToken[]) => readonly SqlToken[];
  /** Undoes what ATTACH in a body did. */
  readonly detachNew: (work: () => Promise<BodyFacts>) => Promise<BodyFacts>;
}

/**
 * Checks an SQL body against the database (spec page 02, "Validation of an endpoint") and decides how it runs. Nothing
 * that it does lasts: queries are only planned, definitions are rolled back.
 */
export async function prepareSql(
  site: CheckSite,
  source: SourceText,
  parameters: readonly Parameter[],
): Promise<Preparation> {
  const segments = splitStatements(source.text);
  if (segments.length === 0) {
    const empty = { rule: 'sql-empty', message: 'The body has no statement', offset: 0 };
    return { problems: [toProblem(source, empty)], dynamicUses: [] };
  }
  const refused = segments.map(refusedStatement).filter((finding) => finding !== undefined);
  const dynamicUses = findDynamicUses(source, segments, site.sourceCalls);
  if (refused.length > 0)
    return { problems: refused.map((finding) => toProblem(source, finding)), dynamicUses };
  try {
    return { problems: [], body: await examine(site, segments, parameters), dynamicUses };
  } catch (error) {
    if (error instanceof BodyRefused) return { problems: [toProblem(source, error.finding)], dynamicUses };
    throw error;
  }
}

async function examine(
  site: CheckSite,
  segments: readonly SqlSegment[],
  parameters: readonly Parameter[],
): Promise<PreparedSql> {
  const statements = segments.map((segment) => ({ sql: segment.text, several: false, segment }));
  const samples = sampleBinders(parameters);
  const attaches = segments.some((segment) => /^(?:attach|detach)$/.test(leadingWords(segment, 1)[0] ?? ''));
  const plain = segments.every((segment) => isPlainQuery(site, segment));
  const checked = plain
    ? await checkQueries(site, statements, samples)
    : await checkApart(site, statements, samples);
  const { facts } = checked;
  return {
    kind: 'sql',
    columns: facts.columns,
    effects: checked.effects,
    connection: attaches ? 'alone' : checked.pooled ? 'pooled' : 'own',
    transactional: !facts.lasting && !attaches,
    usesCaller: checked.usesCaller,
    parameterNames: [...facts.parameterNames],
    statements: facts.statements,
    binders: new Map(parameters.map(({ name, node }) => [name, compileBinder(node)])),
  };
}

/** A statement that begins like a query and calls nothing with an effect; DuckDB's statement type confirms it. */
function isPlainQuery(site: CheckSite, { tokens }: SqlSegment): boolean {
  return beginsLikeQuery(tokens) && site.effectCalls(withQueriedText(tokens)).length === 0;
}

interface Checked {
  readonly facts: BodyFacts;
  readonly effects: 'read' | 'write';
  readonly pooled: boolean;
  readonly usesCaller: boolean;
}

async function checkQueries(
  site: CheckSite,
  statements: readonly WrittenStatement[],
  samples: readonly SampleBinder[],
): Promise<Checked> {
  const checked = await site.onConnection('shared', async (connection) => {
    const id = String(connection.clientContext.connectionId);
    site.callers.takeUsed(id);
    const facts = await checkStatements(connection, statements, samples, false);
    return { facts, usesCaller: site.callers.takeUsed(id) };
  });
  if (!checked.facts.onlyQueries) return checkApart(site, statements, samples);
  return { ...checked, effects: 'read', pooled: true };
}

/**
 * Checks on a connection of its own, first in a read-only transaction: DuckDB refuses there whatever would change a
 * database that lasts, but not what it does to temporary objects.
 */
async function checkApart(
  site: CheckSite,
  statements: readonly WrittenStatement[],
  samples: readonly SampleBinder[],
): Promise<Checked> {
  const reading = await inTransaction(site, 'BEGIN TRANSACTION READ ONLY', (connection) =>
    checkStatements(connection, statements, samples, true),
  ).catch((error: unknown) => (isReadOnlyRefusal(error) ? undefined : rethrow(error)));
  const calls = statements.some(({ segment }) => site.effectCalls(segment.tokens).length > 0);
  // DuckDB refuses in planning what would write; PIVOT and its like, which become several statements, are not planned.
  const several = reading?.facts.statements.some((each) => each.several) === true;
  if (reading && !reading.facts.unplanned && !(several && calls)) {
    const pooled = reading.facts.onlyQueries && !calls;
    return { ...reading, effects: reading.facts.lasting ? 'write' : 'read', pooled };
  }
  const writing = await inTransaction(site, 'BEGIN TRANSACTION', (connection) =>
    checkStatements(connection, statements, samples, false),
  );
  return { ...writing, effects: 'write', pooled: false };
}

function rethrow(error: unknown): never {
  throw error;
}

function isReadOnlyRefusal(error: unknown): boolean {
  return error instanceof BodyRefused && /read-only/i.test(error.finding.message);
}

async function inTransaction(
  site: CheckSite,
  begin: string,
  check: (connection: DuckDBConnection) => Promise<BodyFacts>,
): Promise<{ readonly facts: BodyFacts; readonly usesCaller: boolean }> {
  return site.onConnection('alone', async (connection) => {
    const id = String(connection.clientContext.connectionId);
    try {
      const facts = await site.detachNew(async () => {
        await connection.run(begin);
        try {
          return await check(connection);
        } finally {
          await rollBack(connection);
        }
      });
      return { facts, usesCaller: site.callers.takeUsed(id) };
    } finally {
      site.callers.takeUsed(id);
    }
  });
}

/** A transaction that a refused statement ended already cannot be rolled back again; anything else is a failure. */
async function rollBack(connection: DuckDBConnection): Promise<void> {
  try {
    await connection.run('ROLLBACK');
  } catch (error) {
    if (!readFailure(error).message.includes('no transaction is active')) throw error;
  }
}
