import { DatabaseUnavailableError } from '../errors.js';
import { readFailure } from './duckdb-error.js';

/** Whether an instance can still be trusted. DuckDB reports a failing write-ahead log or checkpoint as fatal. */
export class Health {
  private fatal = false;

  /** Takes note of an error of the client. */
  note(error: unknown): void {
    if (readFailure(error).type === 'FATAL') this.fatal = true;
  }

  /** Nothing that runs here can be trusted any more. */
  condemn(): void {
    this.fatal = true;
  }

  /** True after a fatal error. */
  failed(): boolean {
    return this.fatal;
  }

  /** Throws `DatabaseUnavailableError` after a fatal error: what is on disk is whole, what is in memory may not be. */
  check(): void {
    if (!this.fatal) return;
    throw new DatabaseUnavailableError('The database had a fatal error; restart the server to open it again');
  }
}
