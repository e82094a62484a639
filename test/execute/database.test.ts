import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/execute/database.js';
import { callerNamed, openWith, parameter, prepared, query, settledRun } from './site.js';

describe('a body that reads', () => {
  let database: Database;
  beforeAll(async () => {
    database = await openWith("CREATE TABLE t AS SELECT i AS id, 'v' || i AS v FROM range(100) r(i)");
  });
  afterAll(() => database.close());

  it('gives its rows as JSON with the columns that were prepared', async () => {
    const body = await prepared(database, 'SELECT id, v FROM t WHERE id = $id', [
      parameter('id', { type: 'integer' }),
    ]);
    expect(body.effects).toBe('read');
    expect(body.connection).toBe('pooled');
    expect(body.columns).toEqual([
      { name: 'id', type: 'BIGINT' },
      { name: 'v', type: 'VARCHAR' },
    ]);
    const { rows, truncated } = await settledRun(database, body, { id: 7 });
    expect(JSON.stringify(rows)).toBe('[{"id":7,"v":"v7"}]');
    expect(truncated).toBe(false);
  });

  it('knows the caller of this call only, also through a view', async () => {
    const body = await prepared(database, 'SELECT get_username() AS u, get_user_roles() AS r');
    expect(body.usesCaller).toBe(true);
    for (const name of ['ada', 'bob', null]) {
      const { rows } = await settledRun(database, body, {}, { caller: callerNamed(name) });
      expect(JSON.stringify(rows)).toBe(JSON.stringify([{ u: name, r: ['user'] }]));
    }
  });
});

describe('a body that writes', () => {
  it('commits when settled so, and leaves nothing when not', async () => {
    const database = await openWith('CREATE TABLE t(a INTEGER)');
    const insert = await prepared(database, 'INSERT INTO t VALUES ($a) RETURNING a', [
      parameter('a', { type: 'integer' }),
    ]);
    expect(insert.effects).toBe('write');
    const { rows } = await settledRun(database, insert, { a: 1 });
    expect(JSON.stringify(rows)).toBe('[{"a":1}]');
    const { callOf } = await import('./site.js');
    const undone = await database.run(insert, { a: 2 }, callOf());
    await undone.settle(false);
    const left = await query(database, 'SELECT a FROM t');
    expect(JSON.stringify(left.rows)).toBe('[{"a":1}]');
    await database.close();
  });
});
