import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBResult } from '@duckdb/node-api';
import type { CallerRegistry } from './caller-functions.js';

/** A statement prepared on one connection, with its parameters' names in the order of their indexes. */
export interface SessionStatement {
  readonly statement: DuckDBPreparedStatement;
  readonly parameters: readonly string[];
}

const capacity = 256;

/** Bytes that a stream may buffer ahead. DuckDB counts 16 for a text of any length: its default, 1 MB, holds 30 chunks. */
export const streamingBufferSetting = 'streaming_buffer_size';
const streamingBuffer = '32KB';

/** A session on a new connection. */
export async function openSession(connection: DuckDBConnection, callers: CallerRegistry): Promise<Session> {
  await connection.run(`SET ${streamingBufferSetting} = '${streamingBuffer}'`);
  return new Session(connection, callers);
}

/** A connection with its own statements. Works for one call at a time. */
export class Session {
  readonly connection: DuckDBConnection;
  readonly id: string;
  private readonly callers: CallerRegistry;
  private readonly statements = new Map<string, SessionStatement>();
  private unread: DuckDBResult | undefined;

  constructor(connection: DuckDBConnection, callers: CallerRegistry) {
    this.connection = connection;
    this.id = String(connection.clientContext.connectionId);
    this.callers = callers;
  }

  /**
   * The statement for a text, from the session's 256 most recent or prepared now. One that uses a function of the
   * caller is not kept: its plan holds the caller's values.
   */
  async statementFor(sql: string): Promise<SessionStatement> {
    const kept = this.statements.get(sql);
    if (kept) {
      this.statements.delete(sql);
      this.statements.set(sql, kept);
      return kept;
    }
    const prepared = describe(await this.connection.prepare(sql));
    if (!this.callers.takeUsed(this.id)) this.keep(sql, prepared);
    return prepared;
  }

  /**
   * After a run: drops a statement that was bound again with a function of the caller (a view changed, `query()`), and
   * frees whatever is not kept.
   */
  doneWith(sql: string, used: SessionStatement): void {
    if (this.callers.takeUsed(this.id)) this.statements.delete(sql);
    if (this.statements.get(sql) !== used) used.statement.destroySync();
  }

  /** A result that is going to be read; `hasRead` follows, unless that fails. */
  async reading(result: Promise<DuckDBResult>): Promise<DuckDBResult> {
    this.unread = await result;
    return this.unread;
  }

  /** The result was read, to its end or to a limit. */
  hasRead(complete: boolean): void {
    if (complete) this.unread = undefined;
  }

  /** Ends a stream that was not read to its end, and the connection. */
  async close(): Promise<void> {
    this.statements.clear();
    this.callers.takeUsed(this.id);
    if (this.unread) await dropRest(this.connection, this.unread);
    this.connection.closeSync();
  }

  private keep(sql: string, prepared: SessionStatement): void {
    if (this.statements.size >= capacity) {
      for (const [oldest, entry] of this.statements) {
        entry.statement.destroySync();
        this.statements.delete(oldest);
        break;
      }
    }
    this.statements.set(sql, prepared);
  }
}

function describe(statement: DuckDBPreparedStatement): SessionStatement {
  const parameters: string[] = [];
  for (let index = 1; index <= statement.parameterCount; index += 1)
    parameters.push(statement.parameterName(index));
  return { statement, parameters };
}

/**
 * Frees what a stream has ready, which DuckDB would keep until garbage is collected: a fetch after an interrupt does. It
 * rolls an open transaction back, and how it ends is of no interest: nobody reads the result any more.
 */
async function dropRest(connection: DuckDBConnection, result: DuckDBResult): Promise<void> {
  connection.interrupt();
  const chunk = await result.fetchChunk().catch(() => null);
  chunk?.reset();
}
