import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/execute/database.js';
import type { Execution } from '../../src/execute/run-body.js';
import type { BuiltinBody } from '../../src/model/endpoint.js';
import type { Json, JsonObject } from '../../src/model/json.js';
import { callOf, openWith, query, settledRun } from './site.js';

interface Cases {
  readonly allowed: readonly { sql: string; rows?: Json; columns?: readonly string[]; first?: JsonObject }[];
  readonly refused: readonly { sql: string; reason: string }[];
}

const cases = parse(readFileSync(new URL('cases/free-sql.yml', import.meta.url), 'utf8')) as Cases;

let database: Database;
beforeAll(async () => {
  database = await openWith(
    `CREATE TABLE people AS SELECT * FROM (VALUES (1, 'ada'), (2, 'bob'), (3, 'eve')) t(id, name);
     CREATE VIEW names AS SELECT name AS n FROM people; CREATE SEQUENCE s; CREATE MACRO m_next() AS nextval('s');
     CREATE MACRO m_reads(f) AS TABLE SELECT * FROM read_text(f)`,
    { externalAccess: false },
    { memoryName: 'sql-tools' },
  );
});
afterAll(() => database.close());

async function use(tool: BuiltinBody['tool'], args: JsonObject): Promise<Execution> {
  const { body } = await database.prepare({ language: 'builtin', tool }, []);
  if (!body) throw new Error('no body');
  return settledRun(database, body, args);
}

describe('execute_sql_query', () => {
  it.each(cases.allowed)('answers $sql', async ({ sql, rows, columns, first }) => {
    const execution = await use('execute_sql_query', { sql });
    if (rows !== undefined) expect(JSON.parse(JSON.stringify(execution.rows))).toEqual(rows);
    if (columns !== undefined) expect(execution.columns.map(({ name }) => name)).toEqual(columns);
    if (first !== undefined) expect({ ...execution.rows[0] }).toMatchObject(first);
  });

  it.each(cases.refused)('refuses $sql', async ({ sql, reason }) => {
    await expect(use('execute_sql_query', { sql })).rejects.toMatchObject({
      code: 'EXECUTE_SQL_REFUSED',
      message: expect.stringContaining(reason) as string,
    });
  });

  it('left everything as it was', async () => {
    const { rows } = await query(database, "SELECT count(*) AS people, nextval('s') AS next FROM people");
    expect(JSON.stringify(rows[0])).toBe('{"people":3,"next":1}');
  });

  it('stays within its limits and its deadline', async () => {
    const { body } = await database.prepare({ language: 'builtin', tool: 'execute_sql_query' }, []);
    if (!body) throw new Error('no body');
    const many = database.run(body, { sql: 'SELECT * FROM range(100000000)' }, callOf());
    await expect(many).rejects.toMatchObject({ code: 'EXECUTE_LIMIT_EXCEEDED', limit: 'max_rows' });
    const signal = AbortSignal.timeout(100);
    const long = database.run(body, { sql: 'SELECT count(*) FROM range(1000000000000)' }, callOf({ signal }));
    await expect(long).rejects.toMatchObject({ code: 'CALL_CANCELLED' });
  });

  it.each([
    ['SELECT nmae FROM people', /^Binder error: .*"nmae" not found.*name/],
    ["SELECT sum('ada lovelace') FROM people", /^Binder error: (?!.*ada lovelace)/],
    ['SELECT 1::nosuch', /^Catalog error: .*nosuch/],
    ['SELEC 1', /^The statement has a syntax error: .*"SELEC"$/],
    ['DROP TABLE people', /^This is not a query\. Allowed is one SELECT/],
  ])('tells a caller how to repair %s', async (sql, message) => {
    await expect(use('execute_sql_query', { sql })).rejects.toMatchObject({
      code: 'EXECUTE_SQL_REFUSED',
      message: expect.stringMatching(message) as string,
    });
  });

  it('says nothing of the data when a query fails', async () => {
    const failing = use('execute_sql_query', { sql: 'SELECT CAST(name AS INTEGER) FROM people' });
    await expect(failing).rejects.toMatchObject({
      code: 'EXECUTE_FAILED',
      message: expect.not.stringMatching(/ada|bob|eve/) as string,
    });
  });
});

describe('list_tables and get_table_schema', () => {
  it('name the tables and views of the site, and nothing of the system', async () => {
    const { rows } = await use('list_tables', {});
    expect(JSON.stringify(rows)).toBe('[{"name":"names","type":"view"},{"name":"people","type":"table"}]');
  });

  it('tell columns by the name of a table in any case', async () => {
    const { rows } = await use('get_table_schema', { table_name: 'PEOPLE' });
    expect(JSON.stringify(rows)).toBe(
      '[{"name":"id","type":"INTEGER","nullable":true},{"name":"name","type":"VARCHAR","nullable":true}]',
    );
  });

  it.each(['nowhere', "x' OR 1=1 --", 'duckdb_settings', ''])(
    'refuse a name that is no table: %j',
    async (name) => {
      await expect(use('get_table_schema', { table_name: name })).rejects.toMatchObject({
        code: 'EXECUTE_SQL_REFUSED',
      });
    },
  );
});
