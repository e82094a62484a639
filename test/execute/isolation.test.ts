import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/execute/database.js';
import type { PreparedSql } from '../../src/execute/prepared-body.js';
import type { JsonObject } from '../../src/model/json.js';
import { callerNamed, callOf, openWith, parameter, prepared, query } from './site.js';

const calls = Number(process.env['MXCP_TEST_CALLS'] ?? 2000);
const text = parameter('x', { type: 'string' });

/** Bodies that leave something behind, each with what the caller of this call must see. */
const bodies = {
  who: "SELECT get_username() AS who, get_user_claim('team') AS team, get_request_header('X-Tag') AS tag, $x AS x",
  view: 'SELECT who, team, tag, $x AS x FROM identity',
  variable: "SET VARIABLE mine = $x; SELECT get_username() AS who, getvariable('mine') AS x",
  peekVariable: "SELECT get_username() AS who, getvariable('mine') AS x",
  setting: "SET TimeZone = 'Asia/Tokyo'; SELECT get_username() AS who, current_setting('TimeZone') AS x",
  peekSetting: "SELECT get_username() AS who, current_setting('TimeZone') AS x",
  temp: 'CREATE TEMP TABLE mine AS SELECT $x AS x; SELECT get_username() AS who, x FROM mine',
  peekTemp: 'SELECT get_username() AS who, count(*) AS x FROM duckdb_tables() WHERE temporary',
  write: 'INSERT INTO log VALUES ($x); SELECT get_username() AS who, count(*) AS x FROM log WHERE x = $x',
  attach: "ATTACH ':memory:' AS mine_db; SELECT get_username() AS who, 'x' AS x",
  peekAttach:
    "SELECT get_username() AS who, count(*) AS x FROM duckdb_databases() WHERE database_name = 'mine_db'",
  fails: 'SELECT get_username() AS who, CAST($x AS INTEGER) AS x',
};

type Name = keyof typeof bodies;

function expected(name: Name, user: string, x: string): JsonObject | 'error' {
  const identity = { who: user, team: `team-${user}`, tag: `tag-${user}`, x };
  const others: Record<Exclude<Name, 'who' | 'view' | 'fails'>, JsonObject> = {
    variable: { who: user, x },
    peekVariable: { who: user, x: null },
    setting: { who: user, x: 'Asia/Tokyo' },
    peekSetting: { who: user, x: 'UTC' },
    temp: { who: user, x },
    peekTemp: { who: user, x: 0 },
    write: { who: user, x: 1 },
    attach: { who: user, x: 'x' },
    peekAttach: { who: user, x: 0 },
  };
  if (name === 'who' || name === 'view') return identity;
  return name === 'fails' ? 'error' : others[name];
}

describe('calls at once over shared connections', () => {
  let database: Database;
  const ready = new Map<Name, PreparedSql>();
  beforeAll(async () => {
    database = await openWith(
      `CREATE TABLE log(x VARCHAR); CREATE VIEW identity AS SELECT get_username() AS who, get_user_claim('team') AS team,
       get_request_header('x-tag') AS tag`,
      { pool: 8, queue: 10_000 },
    );
    for (const [name, sql] of Object.entries(bodies) as [Name, string][]) {
      ready.set(name, await prepared(database, sql, sql.includes('$x') ? [text] : []));
    }
  });
  afterAll(() => database.close());

  async function one(index: number): Promise<string | undefined> {
    const names = [...ready.keys()];
    const name = names[(index * 7) % names.length] ?? 'who';
    const body = ready.get(name);
    if (!body) throw new Error(name);
    const user = `user-${index % 13}`;
    const x = `x-${index}`;
    const wanted = expected(name, user, x);
    const call = callOf({
      caller: callerNamed(user, { claims: { team: `team-${user}` } }),
      request: { headers: { 'x-tag': `tag-${user}` } },
    });
    try {
      const execution = await database.run(body, { x }, call);
      await execution.settle(name !== 'write' || index % 2 === 0);
      const got = JSON.stringify(execution.rows[0]);
      if (got !== JSON.stringify(wanted))
        return `${name} ${index}: ${got} instead of ${JSON.stringify(wanted)}`;
    } catch (error) {
      if (wanted !== 'error') return `${name} ${index}: ${String(error)}`;
    }
    return undefined;
  }

  it(`never see another's identity, settings, temporary tables, variables or transactions (${calls} calls)`, async () => {
    const wrong: string[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < calls) {
        const problem = await one(next++);
        if (problem !== undefined) wrong.push(problem);
      }
    };
    await Promise.all(Array.from({ length: 32 }, worker));
    expect(wrong).toEqual([]);
  });

  it('keep what was committed and nothing else', async () => {
    const { rows } = await query(database, 'SELECT count(*) AS n, count(DISTINCT x) AS d FROM log');
    const names = [...ready.keys()];
    const committed = Array.from({ length: calls }, (_, index) => index).filter(
      (index) => names[(index * 7) % names.length] === 'write' && index % 2 === 0,
    ).length;
    expect({ ...rows[0] }).toEqual({ n: committed, d: committed });
  });
});

describe('a statement that was prepared before its table or view changed', () => {
  it('gives the columns of now', async () => {
    const database = await openWith('CREATE TABLE t AS SELECT 1 AS a; CREATE VIEW v AS SELECT a FROM t', {
      pool: 1,
    });
    const bodies = [await prepared(database, 'SELECT * FROM t'), await prepared(database, 'SELECT * FROM v')];
    const see = async (): Promise<string[]> =>
      Promise.all(bodies.map(async (body) => JSON.stringify((await database.run(body, {}, callOf())).rows)));
    expect(await see()).toEqual(['[{"a":1}]', '[{"a":1}]']);
    await query(database, "ALTER TABLE t ADD COLUMN b VARCHAR DEFAULT 'x'");
    await query(database, "CREATE OR REPLACE VIEW v AS SELECT 'json' AS renamed");
    expect(await see()).toEqual(['[{"a":1,"b":"x"}]', '[{"renamed":"json"}]']);
    await database.close();
  });
});

describe('the functions of the caller', () => {
  it('are NULL where there is nothing to say, and never say a credential', async () => {
    const database = await openWith('');
    const { rows } = await query(
      database,
      `SELECT get_username() AS a, get_user_email() AS b, get_user_provider() AS c, get_user_external_token() AS d,
              get_request_header('authorization') AS e, get_request_headers_json() AS f, get_user_key() AS g,
              get_user_id() AS h, get_user_claim('x.y') AS i, get_request_header(NULL) AS j`,
      { caller: callerNamed(null, { email: null, provider: null }) },
    );
    expect(Object.values(rows[0] ?? {})).toEqual([
      null,
      null,
      null,
      null,
      null,
      '{}',
      null,
      null,
      null,
      null,
    ]);
    await database.close();
  });

  it('answer from claims by name and by path, and reach no prototype', async () => {
    const database = await openWith('');
    const claims = { team: 'red', 'https://x/y.z': 'url', deep: { list: [1, 2], yes: true } };
    const { rows } = await query(
      database,
      `SELECT get_user_claim('team') AS a, get_user_claim('https://x/y.z') AS b, get_user_claim('deep.list') AS c,
              get_user_claim('deep.yes') AS d, get_user_claim('constructor') AS e, get_user_claim('__proto__.x') AS f,
              get_user_claim('deep.toString') AS g, get_user_role() AS h, get_user_capabilities() AS i`,
      { caller: callerNamed('ada', { claims, capabilities: ['hr.read'] }) },
    );
    expect(Object.values(rows[0] ?? {})).toEqual([
      'red',
      'url',
      '[1,2]',
      'true',
      null,
      null,
      null,
      'user',
      ['hr.read'],
    ]);
    await database.close();
  });

  it('find a header by any spelling of its name', async () => {
    const database = await openWith('');
    const { rows } = await query(
      database,
      "SELECT get_request_header('X-TRACE') AS a, get_request_header('toString') AS b",
      {
        request: { headers: { 'x-trace': 't1' } },
      },
    );
    expect(Object.values(rows[0] ?? {})).toEqual(['t1', null]);
    await database.close();
  });

  it('cost a filter one evaluation, not one per row', async () => {
    const database = await openWith(
      "CREATE TABLE big AS SELECT i AS id, 'u' || (i % 1000) AS owner FROM range(200000) r(i)",
    );
    const body = await prepared(database, 'SELECT count(*) AS n FROM big WHERE owner = get_username()');
    const started = performance.now();
    const { rows } = await database.run(body, {}, callOf({ caller: callerNamed('u7') }));
    expect(rows[0]?.['n']).toBe(200);
    expect(performance.now() - started).toBeLessThan(500);
    await database.close();
  });

  it('answer anew when a view comes to use them after a body over it was prepared', async () => {
    const database = await openWith(
      "CREATE TABLE names AS SELECT 'nobody' AS who; CREATE VIEW v AS SELECT who FROM names",
      { pool: 1 },
    );
    const body = await prepared(database, 'SELECT who FROM v');
    const run = async (name: string): Promise<unknown> => {
      const { rows } = await database.run(body, {}, callOf({ caller: callerNamed(name) }));
      return rows[0]?.['who'];
    };
    expect(await run('ada')).toBe('nobody');
    await query(database, 'CREATE OR REPLACE VIEW v AS SELECT get_username() AS who');
    expect([await run('ada'), await run('bob'), await run('eve')]).toEqual(['ada', 'bob', 'eve']);
    await database.close();
  });
});
