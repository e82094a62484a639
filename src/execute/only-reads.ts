import type { SourceText } from '../lib/source-text.js';
import { hasEffect, withQueriedText } from './function-effects.js';
import { splitStatements, type SqlToken } from './lex-sql.js';

const queryWords = new Set([
  'select',
  'with',
  'from',
  'values',
  'table',
  'describe',
  'desc',
  'show',
  'summarize',
  'pragma',
]);

/** True for a statement that begins like a query; DuckDB's statement type has the last word. */
export function beginsLikeQuery(tokens: readonly SqlToken[]): boolean {
  const first = tokens[0];
  return first?.text === '(' || queryWords.has(first?.text.toLowerCase() ?? '');
}

/**
 * True when texts contain queries only, as far as can be told without a database: then a site may open its file
 * read-only (`duckdb.readonly: auto`). A body that writes all the same fails, it never writes.
 */
export function onlyReads(texts: readonly SourceText[]): boolean {
  return texts.every(({ text }) =>
    splitStatements(text).every(
      ({ tokens }) => beginsLikeQuery(tokens) && !callsEffect(withQueriedText(tokens)),
    ),
  );
}

function callsEffect(tokens: readonly SqlToken[]): boolean {
  return tokens.some((token, index) => {
    const called = tokens[index + 1]?.kind === 'symbol' && tokens[index + 1]?.text === '(';
    return called && token.kind !== 'string' && hasEffect(token.text.toLowerCase());
  });
}
