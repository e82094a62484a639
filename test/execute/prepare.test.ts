import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/execute/database.js';
import type { Parameter } from '../../src/model/type-node.js';
import { openWith, parameter, prepared, query, sql } from './site.js';

interface Cases {
  readonly runs: readonly {
    sql: string;
    effects: string;
    connection: string;
    transactional?: boolean;
  }[];
  readonly refused: readonly { sql: string; rule: string; at: string }[];
  readonly dynamic: readonly { sql: string; uses: readonly string[] }[];
}

const cases = parse(readFileSync(new URL('cases/bodies.yml', import.meta.url), 'utf8')) as Cases;

let database: Database;
beforeAll(async () => {
  database = await openWith(`
    CREATE TABLE t(a INTEGER); INSERT INTO t VALUES (1); CREATE SEQUENCE s;
    CREATE VIEW v_next AS SELECT nextval('s') AS n; CREATE VIEW v_over_v_next AS SELECT n + 1 AS m FROM v_next;
    CREATE MACRO m_next() AS nextval('s'); CREATE MACRO m_reads(f) AS TABLE SELECT * FROM read_csv(f);
    CREATE VIEW v_who AS SELECT get_username() AS who; CREATE MACRO m_who() AS get_user_id();`);
});
afterAll(() => database.close());

async function problemsOf(text: string, parameters: readonly Parameter[] = []) {
  const { problems } = await database.prepare({ language: 'sql', source: sql(text) }, parameters);
  return problems;
}

describe('a body at load', () => {
  it.each(cases.runs)(
    '$sql: $effects, $connection',
    async ({ sql: text, effects, connection, transactional = true }) => {
      const body = await prepared(database, text);
      expect({
        effects: body.effects,
        connection: body.connection,
        transactional: body.transactional,
      }).toEqual({
        effects,
        connection,
        transactional,
      });
    },
  );

  it.each(cases.refused)('is refused with its place: $sql', async ({ sql: text, rule, at }) => {
    const problems = await problemsOf(text);
    expect(problems.map((problem) => problem.rule)).toEqual(at.split(' ').map(() => rule));
    expect(problems.map(({ origin }) => `${origin.line}:${origin.column}`).join(' ')).toBe(at);
    for (const problem of problems) expect(problem.excerpt).toMatch(/\n *\^$/);
  });

  it.each(cases.dynamic)(
    'tells which parameters choose what is run or read: $sql',
    async ({ sql: text, uses }) => {
      const { dynamicUses } = await database.prepare({ language: 'sql', source: sql(text) }, [
        parameter('p', {
          type: 'string',
          enum: [new URL(import.meta.url).pathname, 't', '1', 'SELECT 1 AS x'],
        }),
      ]);
      expect(dynamicUses.map((use) => `${use.parameter} ${use.reaches}`)).toEqual(uses);
    },
  );

  it('sees nothing of what bodies define that are checked at the same time, nor do their checks disturb each other', async () => {
    const defines = 'CREATE TABLE made AS SELECT 1 AS x; SELECT x FROM made';
    const attaches = "ATTACH ':memory:' AS beside; SELECT 1";
    const refused = ['SELECT x FROM made', 'SELECT * FROM beside.information_schema.tables'];
    const texts = Array.from({ length: 10 }, () => [defines, ...refused, attaches, 'SELECT a FROM t']).flat();
    const found = await Promise.all(texts.map((text) => problemsOf(text)));
    const wrong = texts.filter((_, index) => (found[index]?.length ?? 0) > 0);
    expect(wrong).toEqual(texts.filter((text) => refused.includes(text)));
  });

  it('is known to use the caller, or not to, whatever is checked at the same time', async () => {
    const texts = Array.from({ length: 40 }, (_, index) =>
      index % 3 === 0 ? 'SELECT get_username()' : 'SELECT 1',
    );
    const bodies = await Promise.all(texts.map((text) => prepared(database, text)));
    expect(bodies.map(({ usesCaller }) => usesCaller)).toEqual(texts.map((text) => text !== 'SELECT 1'));
  });

  it('leaves no trace: nothing is run for its result, and what it defines is rolled back', async () => {
    const { rows } = await query(
      database,
      'SELECT (SELECT count(*) FROM t) AS t, (SELECT count(*) FROM duckdb_tables()) AS n',
    );
    expect(JSON.stringify(rows)).toBe('[{"t":1,"n":1}]');
    const next = await query(database, "SELECT nextval('s') AS n");
    expect(JSON.stringify(next.rows)).toBe('[{"n":1}]');
    const attached = await query(
      database,
      "SELECT count(*) AS n FROM duckdb_databases() WHERE database_name = 'other'",
    );
    expect(attached.rows[0]?.['n']).toBe(0);
  });

  it('does not execute an endless CREATE TABLE AS', async () => {
    const body = await prepared(
      database,
      'CREATE TEMP TABLE big AS SELECT * FROM range(1000000000000) r(i); SELECT i FROM big',
    );
    expect(body.columns).toEqual([{ name: 'i', type: 'BIGINT' }]);
  });

  it('knows its columns also where their types depend on the parameters', async () => {
    const parameters = [
      parameter('n', { type: 'integer' }),
      parameter('list', {
        type: 'array',
        items: { type: 'string', origin: { file: '', line: 1, column: 1 } },
      }),
      parameter('day', { type: 'string', format: 'date' }),
    ];
    const body = await prepared(
      database,
      'SELECT $n AS n, $n + 1 AS m, $list AS l, $day AS d, unnest($list) AS u FROM range($n)',
      parameters,
    );
    expect(body.columns?.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'n BIGINT',
      'm BIGINT',
      'l VARCHAR[]',
      'd DATE',
      'u VARCHAR',
    ]);
  });

  it('lists the parameters of all statements', async () => {
    const body = await prepared(
      database,
      'INSERT INTO t VALUES ($a); UPDATE t SET a = $b WHERE a = $a; SELECT $c::INTEGER',
      [
        parameter('a', { type: 'integer' }),
        parameter('b', { type: 'integer' }),
        parameter('c', { type: 'integer' }),
      ],
    );
    expect([...body.parameterNames].sort()).toEqual(['a', 'b', 'c']);
  });

  it.each([
    'SELECT get_username()',
    'SELECT * FROM v_who',
    'SELECT m_who()',
    "SELECT 1 WHERE get_request_header('x') = 'y'",
  ])('knows that it depends on the caller: %s', async (text) => {
    expect((await prepared(database, text)).usesCaller).toBe(true);
    expect((await prepared(database, 'SELECT 1')).usesCaller).toBe(false);
  });

  it('prepares a thousand bodies in a second or two', async () => {
    const started = performance.now();
    const id = parameter('id', { type: 'integer' });
    for (let index = 0; index < 1000; index += 1) {
      await prepared(database, `SELECT a, ${index} AS n FROM t WHERE a = $id ORDER BY a LIMIT 10`, [id]);
    }
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
