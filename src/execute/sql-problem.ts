import type { Problem } from '../errors.js';
import { excerpt, locate, type SourceText } from '../lib/source-text.js';
import { readFailure } from './duckdb-error.js';
import type { WrittenStatement } from './prepared-body.js';

/** What is wrong with a body, at an offset of its text. */
export interface Finding {
  readonly rule: string;
  readonly message: string;
  readonly remedy?: string;
  /** UTF-16 offset in the body. */
  readonly offset: number;
}

/** A problem of a body, located in the author's file with the line and a caret. */
export function toProblem(source: SourceText, finding: Finding): Problem {
  const { rule, message, remedy, offset } = finding;
  return {
    severity: 'error',
    rule,
    message,
    ...(remedy !== undefined && { remedy }),
    origin: locate(source, offset),
    excerpt: excerpt(source, offset),
  };
}

/** The rule of findings that are DuckDB's. */
export const doesNotPrepare = 'sql-does-not-prepare';

const closedRemedy =
  'Name what SQL needs in `duckdb.allowed_directories`; `duckdb.external_access` is false where it is not set and bodies are TypeScript';

/** The finding for what DuckDB said about a statement; `prefix` is what was put before its text to check it. */
export function fromDuckdb(error: unknown, statement: WrittenStatement, prefix = ''): Finding {
  const { type, message, position } = readFailure(error);
  const bytes = Math.max(0, (position ?? 0) - prefix.length);
  const inStatement = Buffer.from(statement.sql).subarray(0, bytes).toString('utf8').length;
  return {
    rule: doesNotPrepare,
    message: `${type} error: ${message.replaceAll('\n', ' ')}`,
    ...(type === 'Permission' && { remedy: closedRemedy }),
    offset: statement.segment.start + inStatement,
  };
}
