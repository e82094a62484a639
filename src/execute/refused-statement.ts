import { callerFunctionNames } from './caller-functions.js';
import { withQueriedText } from './function-effects.js';
import { explainedStatement, leadingWords, type SqlSegment } from './lex-sql.js';
import { isGlobalPragma, isGlobalSetting } from './settings-scope.js';
import type { Finding } from './sql-problem.js';

const transactionWords = new Set(['begin', 'start', 'commit', 'end', 'abort', 'rollback']);

/** DuckDB reads a text up to its first NUL character and says nothing about the rest, which may be the WHERE clause. */
export function unreadPart({ text, start }: SqlSegment): Finding | undefined {
  const at = text.indexOf('\0');
  if (at === -1) return undefined;
  const message = 'DuckDB does not read what stands behind a NUL character';
  return { rule: 'sql-nul-character', message, remedy: 'Remove the character', offset: start + at };
}

/**
 * What a body may not contain, whatever the database says: control of the call's own transaction, and statements that
 * change the whole instance, which other callers would see (spec page 07).
 */
export function refusedStatement(statement: SqlSegment): Finding | undefined {
  const nul = unreadPart(statement);
  if (nul) return nul;
  const segment = explainedStatement(statement);
  const [first = '', second = ''] = leadingWords(segment, 2);
  const offset = segment.start;
  if (transactionWords.has(first)) {
    const message = `${first.toUpperCase()} is not allowed in a body`;
    const remedy = 'Remove it: a body that writes runs in one transaction that ends after the output rules';
    return { rule: 'sql-transaction-control', message, remedy, offset };
  }
  if (first === 'checkpoint' || (first === 'force' && second === 'checkpoint')) {
    const remedy = 'Remove it: DuckDB checkpoints by itself, and at shutdown';
    return {
      rule: 'sql-transaction-control',
      message: 'CHECKPOINT is not allowed in a body',
      remedy,
      offset,
    };
  }
  return refusedForInstance(segment);
}

/**
 * DuckDB's own log has the SQL of all callers, profiles are printed, and a log that cannot be written ends the process; a
 * forced checkpoint ends the transactions of others.
 */
const instanceFunctions = new Set([
  'force_checkpoint',
  'enable_logging',
  'disable_logging',
  'truncate_duckdb_logs',
  'enable_profiling',
  'disable_profiling',
]);

const callerFunctions = new Set(callerFunctionNames);

/** The function of the caller that a macro would take the place of, for all SQL on the database and for good. */
function replacedFunction(segment: SqlSegment): string | undefined {
  const words = leadingWords(segment, 5);
  if (words[0] !== 'create' || !words.some((word) => word === 'macro' || word === 'function'))
    return undefined;
  const name = segment.tokens[segment.tokens.findIndex(({ text }) => text === '(') - 1]?.text.toLowerCase();
  return name !== undefined && callerFunctions.has(name) ? name : undefined;
}

function instanceFunction({ tokens }: SqlSegment): string | undefined {
  const all = withQueriedText(tokens);
  const isCalled = (index: number): boolean => all[index + 1]?.text === '(';
  return all.find(({ text }, index) => instanceFunctions.has(text.toLowerCase()) && isCalled(index))?.text;
}

/** A table may be called `extensions`: of that, something is SET. */
function updatesExtensions({ tokens }: SqlSegment): boolean {
  const [first, second, third = '('] = tokens.map(({ text }) => text.toLowerCase());
  return first === 'update' && second === 'extensions' && third === '(';
}

function refusedForInstance(segment: SqlSegment): Finding | undefined {
  const offset = segment.start;
  const rule = 'sql-changes-instance';
  const words = leadingWords(segment, 6);
  const [first = ''] = words;
  if (first === 'load' || first === 'install' || updatesExtensions(segment)) {
    const remedy = 'Name the extension under `extensions` in the site file';
    return {
      rule,
      message: `${first.toUpperCase()} in a body would change the server for every caller`,
      remedy,
      offset,
    };
  }
  if ((first === 'create' || first === 'drop') && words.includes('secret')) {
    const remedy = 'Declare the secret in the user config and name it under `secrets` in the site file';
    return { rule, message: 'Secrets in a body would be visible to every caller', remedy, offset };
  }
  const called = instanceFunction(segment);
  if (called !== undefined) {
    const message = `${called}() in a body would change the server for every caller`;
    return { rule, message, remedy: 'Remove it, or run it in `duckdb.init`', offset };
  }
  const replaced = replacedFunction(segment);
  if (replaced !== undefined) {
    const message = `A macro ${replaced} in a body would tell every other one a wrong caller`;
    return { rule, message, remedy: 'Give it another name', offset };
  }
  const setting = settingName(segment);
  if (setting === undefined || !isGlobalSetting(setting)) return undefined;
  const message = `${first.toUpperCase()} ${setting} in a body would change the server for every caller`;
  return {
    rule,
    message,
    remedy: 'Configure it under `duckdb` in the site file, or run it in `duckdb.init`',
    offset,
  };
}

/** The setting that SET, RESET or PRAGMA names, lower-case; undefined for variables and other statements. */
function settingName(segment: SqlSegment): string | undefined {
  const [first = '', second = '', third = ''] = segment.tokens.map((token) => token.text.toLowerCase());
  if (first === 'pragma') return third === '=' || isGlobalPragma(second) ? second : undefined;
  if (first !== 'set' && first !== 'reset') return undefined;
  if (second === 'variable') return undefined;
  if (second === 'global') return `global ${third}`;
  return second === 'session' || second === 'local' ? third : second;
}
