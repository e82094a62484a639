import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { leadingWords, lexSql, splitStatements } from '../../src/execute/lex-sql.js';

let connection: DuckDBConnection;
beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect();
});
afterAll(() => connection.closeSync());

/** Texts that try to hide a semicolon or a quote from a splitter. */
const texts: readonly (readonly [string, number])[] = [
  ['SELECT 1', 1],
  ['SELECT 1;', 1],
  [';;SELECT 1;;SELECT 2;', 2],
  ["SELECT ';'; SELECT 2", 2],
  ["SELECT 'it''s; ok'", 1],
  ["SELECT E'it\\'s; ok'; SELECT 2", 2],
  ["SELECT e'\\\\'; SELECT 2", 2],
  ['SELECT 1 AS "a;""b"; SELECT 2', 2],
  ['SELECT 1 -- ; not here\n; SELECT 2', 2],
  ['SELECT 1 /* ; /* nested ; */ ; */ ; SELECT 2', 2],
  ['SELECT $$ ; $$; SELECT 2', 2],
  ['SELECT $tag$ ; $$ ; $tag$; SELECT 2', 2],
  ['SELECT $a, $b; SELECT $a', 2],
  ['SELECT 1 AS a$b; SELECT 2', 2],
  ["SELECT 'ä;ö', '🎉;'; SELECT 2", 2],
  ["SELECT 'a\nb;'; SELECT 2", 2],
  ['SELECT 1e5, .5, 0x1F, 1_000; SELECT 2', 2],
  ["SELECT '-- ;'; SELECT '/* ;'", 2],
  ["SELECT x'00', b'01'; SELECT 2", 2],
  ['SELECT 1 --\r; SELECT 2', 2],
  ["SELECT $🎉$ ' ; $🎉$; SELECT 2", 2],
  ["SELECT $\u00a0$ ' ; $\u00a0$; SELECT 2", 2],
  ['CREATE MACRO m(a) AS (a + 1); SELECT m(1)', 2],
];

describe('the splitting of a body', () => {
  it.each(texts)('agrees with DuckDB: %j', async (text, count) => {
    expect(splitStatements(text)).toHaveLength(count);
    const extracted = await connection.extractStatements(text);
    expect(extracted.count).toBe(count);
  });

  it('takes for blanks beyond ASCII what DuckDB takes for them', async () => {
    const others = [
      '\u0085',
      '\u00ad',
      '\u1680',
      '\u180e',
      '\u200c',
      '\u200d',
      '\u200e',
      '\u2028',
      '\u2061',
      'é',
      '🎉',
    ];
    for (const blank of [
      '\u00a0',
      '\u2000',
      '\u200b',
      '\u202f',
      '\u205f',
      '\u2060',
      '\u3000',
      '\ufeff',
      ...others,
    ]) {
      const text = `SELECT 1 FROM${blank}range(1)`;
      const isBlank = await connection.run(text).then(
        () => true,
        () => false,
      );
      expect(
        lexSql(text).some((token) => token.text === 'FROM'),
        JSON.stringify(blank),
      ).toBe(isBlank);
    }
  });

  it('keeps the place of each statement', () => {
    const text = '  SELECT 1 ; -- x\n  SELECT 2';
    for (const { start, text: statement } of splitStatements(text)) {
      expect(text.slice(start, start + statement.length)).toBe(statement);
    }
  });

  it.each(["SELECT 'open", 'SELECT "open', 'SELECT /* open', 'SELECT $$ open', "SELECT E'open\\", '$', '"'])(
    'ends on text that never ends: %j',
    (text) => {
      expect(splitStatements(text).length).toBeLessThanOrEqual(1);
    },
  );

  it('takes linear time on a megabyte', () => {
    const started = performance.now();
    for (const piece of ["''", '/*', '$a', '"x"', 'E', ';', '(', '-']) lexSql(piece.repeat(300_000));
    leadingWords({ text: '', start: 0, tokens: lexSql(`${'é'.repeat(300_000)}a`) }, 1);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
