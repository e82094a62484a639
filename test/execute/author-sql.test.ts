import { expect, it } from 'vitest';
import { createTextCheck } from '../../src/execute/author-sql.js';

const check = createTextCheck(() => []);

it.each([
  "SELECT write_log('x')",
  `SELECT "write_log"('x')`,
  `SELECT * FROM query('SELECT write_log(''x'')')`,
  `SELECT * FROM "query"('SELECT "write_log"(''x'')')`,
])('a call that a rule may deny does nothing that outlasts it: %s', (sql) => {
  expect(() => check(sql, { readOnly: false, undoable: true })).toThrow('cannot be undone');
  expect(check(sql, { readOnly: false, undoable: false })).toHaveLength(1);
});
