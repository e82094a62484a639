import { expect, it } from 'vitest';
import { createTextCheck } from '../../src/execute/author-sql.js';

const check = createTextCheck(() => []);
const free = { readOnly: false, undoable: false };

it.each([
  "SELECT write_log('x')",
  `SELECT "write_log"('x')`,
  `SELECT * FROM query('SELECT write_log(''x'')')`,
  `SELECT * FROM "query"('SELECT "write_log"(''x'')')`,
])('a call that a rule may deny does nothing that outlasts it: %s', (sql) => {
  expect(() => check(sql, { readOnly: false, undoable: true })).toThrow('cannot be undone');
  expect(check(sql, free)).toHaveLength(1);
});

it.each(['UPDATE EXTENSIONS', 'update extensions (json)', 'SELECT * FROM force_checkpoint()'])(
  'what all calls share is not changed by one: %s',
  (sql) => {
    expect(() => check(sql, free)).toThrow('for every caller');
  },
);

it('a table may be called extensions', () => {
  expect(check('UPDATE extensions SET version = 2', free)).toHaveLength(1);
});

it('a text that DuckDB would read in part is refused', () => {
  expect(() => check('SELECT * FROM t \0 WHERE false', free)).toThrow('NUL character');
});
