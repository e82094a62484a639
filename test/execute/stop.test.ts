import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CancelledError, ExecuteTimeoutError } from '../../src/errors.js';
import type { Database } from '../../src/execute/database.js';
import type { JsonObject } from '../../src/model/json.js';
import {
  callOf,
  noLimits,
  openWith,
  parameter,
  prepared,
  query,
  settledRun,
  temporaryFolder,
} from './site.js';

const endless = 'SELECT count(*) AS n FROM range(1000000000000)';
const queries = [
  endless,
  'SELECT a.range FROM range(100000000) a, range(100000000) b WHERE a.range + b.range < 0',
  'WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count(*) AS n FROM r',
  'SELECT i FROM (SELECT random() AS i FROM range(3000000000) ORDER BY i) LIMIT 1',
  "SELECT length(string_agg(i::VARCHAR, ',')) AS n FROM range(1000000000) t(i)",
  'CREATE TEMP TABLE x AS SELECT * FROM range(100000000000); SELECT 1 AS n',
];

/** Aborts after `ms`, with the error of a deadline; tells how long after that a promise rejected. */
async function stopAfter(
  ms: number,
  start: (signal: AbortSignal) => Promise<unknown>,
  reason: Error,
): Promise<number> {
  const controller = new AbortController();
  let abortedAt = Number.NaN;
  const timer = setTimeout(() => {
    abortedAt = performance.now();
    controller.abort(reason);
  }, ms);
  try {
    await expect(start(controller.signal)).rejects.toBe(reason);
    return performance.now() - abortedAt;
  } finally {
    clearTimeout(timer);
  }
}

describe('a query that would run for an hour', () => {
  let database: Database;
  beforeAll(async () => {
    database = await openWith('CREATE TABLE log(a INTEGER)', { pool: 6, memoryLimit: '1GB' });
  });
  afterAll(() => database.close());

  it.each(queries)('stops at its deadline within 200 ms: %s', async (sql) => {
    const body = await prepared(database, sql);
    const reason = new ExecuteTimeoutError('The call passed its deadline');
    expect(await stopAfter(150, (signal) => database.run(body, {}, callOf({ signal })), reason)).toBeLessThan(
      200,
    );
    expect((await query(database, 'SELECT 1 AS n')).rows[0]?.['n']).toBe(1);
  });

  it('stops when the client cancels, and its place works for the next call', async () => {
    const single = await openWith('', { pool: 1 });
    const body = await prepared(single, endless);
    for (let round = 0; round < 5; round += 1) {
      const reason = new CancelledError('The client cancelled');
      expect(await stopAfter(20, (signal) => single.run(body, {}, callOf({ signal })), reason)).toBeLessThan(
        200,
      );
      expect((await query(single, 'SELECT 7 AS n')).rows[0]?.['n']).toBe(7);
    }
    await single.close();
  });

  it('that writes leaves nothing when it is stopped', async () => {
    const body = await prepared(database, 'INSERT INTO log SELECT range FROM range(100000000000)');
    const reason = new ExecuteTimeoutError('late');
    expect(await stopAfter(150, (signal) => database.run(body, {}, callOf({ signal })), reason)).toBeLessThan(
      200,
    );
    expect((await query(database, 'SELECT count(*) AS n FROM log')).rows[0]?.['n']).toBe(0);
  });

  it('is not even started when the call was already cancelled', async () => {
    const reason = new CancelledError('gone');
    const body = await prepared(database, 'INSERT INTO log VALUES (1)');
    await expect(database.run(body, {}, callOf({ signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
    expect((await query(database, 'SELECT count(*) AS n FROM log')).rows[0]?.['n']).toBe(0);
  });

  it('that cannot be interrupted does not keep its caller, and its place is free when it ends', async () => {
    const two = await openWith('', { pool: 2 });
    const stubborn = await prepared(two, 'SELECT levenshtein(repeat($a, 20000), repeat($b, 20000)) AS n', [
      parameter('a', { type: 'string' }),
      parameter('b', { type: 'string' }),
    ]);
    const reason = new ExecuteTimeoutError('late');
    const run = (signal: AbortSignal): Promise<unknown> =>
      two.run(stubborn, { a: 'x', b: 'y' }, callOf({ signal }));
    expect(await stopAfter(100, run, reason)).toBeLessThan(200);
    expect((await query(two, 'SELECT 1 AS n')).rows[0]?.['n']).toBe(1);
    await two.close();
  });

  it('that cannot be interrupted exhausts a pool of one until it ends, and close leaves it behind', async () => {
    const path = join(await temporaryFolder(), 'data.duckdb');
    const one = await openWith('', { pool: 1, path });
    const stubborn = await prepared(one, 'SELECT levenshtein(repeat($a, 30000), repeat($b, 30000)) AS n', [
      parameter('a', { type: 'string' }),
      parameter('b', { type: 'string' }),
    ]);
    const reason = new ExecuteTimeoutError('late');
    const stop = AbortSignal.abort(reason);
    expect(one.exhausted()).toBe(false);
    const controller = new AbortController();
    const running = one.run(stubborn, { a: 'x', b: 'y' }, callOf({ signal: controller.signal }));
    setTimeout(() => controller.abort(reason), 50);
    await expect(running).rejects.toBe(reason);
    expect(one.exhausted()).toBe(true);
    await expect(one.run(stubborn, {}, callOf({ signal: stop }))).rejects.toBe(reason);
    const started = performance.now();
    await one.close(20);
    expect(performance.now() - started).toBeLessThan(300);
    expect(one.exhausted()).toBe(true);
    const again = await openWith('', { pool: 1, path });
    expect((await query(again, 'SELECT 1 AS n')).rows[0]?.['n']).toBe(1);
    await vi.waitUntil(() => !one.exhausted(), { timeout: 20_000 });
    await again.close();
  }, 30_000);

  it('is not waited for when it has databases attached, and its turn comes when that one ends', async () => {
    const path = join(await temporaryFolder(), 'data.duckdb');
    const [before, after] = [await openWith('', { path }), await openWith('', { path })]; // as during a reload
    const long = await prepared(before, `ATTACH ':memory:' AS one; ${endless}`);
    const short = await prepared(after, "ATTACH ':memory:' AS two; SELECT 1 AS n");
    const controller = new AbortController();
    const running = before.run(long, {}, callOf({ signal: controller.signal }));
    const reason = new ExecuteTimeoutError('late');
    const run = (signal: AbortSignal): Promise<unknown> => after.run(short, {}, callOf({ signal }));
    // Whoever asked first does not always come first: from here on the long one has its turn.
    const turn = (): Promise<string> =>
      run(AbortSignal.timeout(50)).then(
        () => 'served',
        () => 'waits',
      );
    await expect.poll(turn).toBe('waits');
    expect(await stopAfter(100, run, reason)).toBeLessThan(200);
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect((await after.run(short, {}, callOf())).rows).toEqual([{ n: 1 }]);
    await Promise.all([before.close(), after.close()]);
  });

  it.each(['FATAL', 'TransactionContext', 'Interrupt'])(
    'fails for itself only when its own words imitate an error of DuckDB (%s)',
    async (type) => {
      const database = await openWith('');
      const body = await prepared(database, 'SELECT error($x)', [parameter('x', { type: 'string' })]);
      const x = JSON.stringify({ exception_type: type, exception_message: 'Write-write conflict' });
      await expect(database.run(body, { x }, callOf())).rejects.toMatchObject({ code: 'EXECUTE_FAILED' });
      expect(database.failed()).toBe(false);
      await database.close();
    },
  );

  it('of a body that is stopped while it is prepared keeps its connection until that has ended', async () => {
    const one = await openWith('', { pool: 1 });
    const controller = new AbortController();
    const reason = new ExecuteTimeoutError('late');
    const session = one.session(true, controller.signal);
    const rights = { readOnly: true, undoable: false };
    const long = `SELECT [${Array.from({ length: 50_000 }, (_, index) => index).join()}]`;
    const run = (text: string) => session.query(text, [], rights, callOf({ signal: controller.signal }));
    await run('SELECT 1'); // from here on it has a connection
    const stopped = expect(run(long)).rejects.toBe(reason);
    await new Promise(setImmediate);
    controller.abort(reason);
    await session.settle(false);
    await stopped;
    expect((await query(one, 'SELECT 1 AS n')).rows).toEqual([{ n: 1 }]);
    await one.close();
  });

  it.each([true, false])(
    'of a body is not waited for when DuckDB computes it while it prepares it (the body only reads: %s)',
    async (readOnly) => {
      const two = await openWith('', { pool: 2 });
      const source = new AbortController();
      const session = two.session(readOnly, source.signal);
      const sql = "SELECT levenshtein(repeat('x', 20000), repeat('y', 20000))";
      const run = (signal: AbortSignal): Promise<unknown> =>
        session.query(sql, [], { readOnly, undoable: false }, callOf({ signal }));
      const reason = new ExecuteTimeoutError('late');
      expect(await stopAfter(100, run, reason)).toBeLessThan(200);
      await session.settle(false);
      await two.close();
    },
  );

  it('of a body that fails does not wait for a connection any more', async () => {
    const one = await openWith('', { pool: 1 });
    const other = new AbortController();
    const busy = one.run(await prepared(one, endless), {}, callOf({ signal: other.signal }));
    const ended = expect(busy).rejects.toMatchObject({ code: 'CALL_CANCELLED' });
    const session = one.session(false, new AbortController().signal);
    const body = new AbortController();
    const rights = { readOnly: false, undoable: false };
    const waiting = session.query('SELECT 1', [], rights, callOf({ signal: body.signal }));
    await new Promise(setImmediate);
    const reason = new CancelledError('The body failed');
    body.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await session.settle(false);
    other.abort(new CancelledError('enough'));
    await ended;
    await one.close();
  });

  it('leaves its place as it was when it ends with its answer', async () => {
    const one = await openWith('', { pool: 1 });
    await expect(query(one, "SELECT 'x'::INTEGER AS n")).rejects.toMatchObject({ code: 'EXECUTE_FAILED' });
    expect(one.exhausted()).toBe(false);
    await one.close();
  });

  it('five at once do not delay a sixth call nor a file read', async () => {
    const body = await prepared(database, endless);
    const controller = new AbortController();
    const running = Array.from({ length: 5 }, () =>
      database.run(body, {}, callOf({ signal: controller.signal })),
    );
    const ended = Promise.allSettled(running);
    await new Promise((resolve) => setImmediate(resolve));
    const started = performance.now();
    await Promise.all([query(database, 'SELECT 1 AS n'), readFile(new URL(import.meta.url))]);
    expect(performance.now() - started).toBeLessThan(1000);
    controller.abort(new CancelledError('enough'));
    expect((await ended).map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
  });
});

describe('the queue for connections', () => {
  it('is fair and bounded, refuses at once what does not fit, and forgets who leaves', async () => {
    const database = await openWith('', { pool: 1, queue: 2 });
    const slow = await prepared(database, endless);
    const quick = await prepared(database, 'SELECT $n AS n', [parameter('n', { type: 'integer' })]);
    const stopSlow = new AbortController();
    const first = database.run(slow, {}, callOf({ signal: stopSlow.signal })).catch(() => 'stopped');
    const order: unknown[] = [];
    const leaver = new AbortController();
    const leaving = database.run(quick, { n: 1 }, callOf({ signal: leaver.signal }));
    const second = settledRun(database, quick, { n: 2 }).then(({ rows }) => order.push(rows[0]?.['n']));
    await expect(database.run(quick, { n: 3 }, callOf())).rejects.toMatchObject({ code: 'CALL_OVERLOADED' });
    const reason = new CancelledError('left');
    leaver.abort(reason);
    await expect(leaving).rejects.toBe(reason);
    const third = settledRun(database, quick, { n: 4 }).then(({ rows }) => order.push(rows[0]?.['n']));
    stopSlow.abort(new CancelledError('stop'));
    expect(await first).toBe('stopped');
    await Promise.all([second, third]);
    expect(order).toEqual([2, 4]);
    await database.close();
  });

  it('lets SQL that callers wrote take a quarter of the places, and refuses more at once', async () => {
    const database = await openWith('', { pool: 8 });
    const { body } = await database.prepare({ language: 'builtin', tool: 'execute_sql_query' }, []);
    if (!body) throw new Error('no body');
    const controller = new AbortController();
    const run = (sql: string, signal = controller.signal): Promise<unknown> =>
      database.run(body, { sql }, callOf({ signal }));
    const running = Promise.allSettled([run(endless), run(endless)]);
    await expect(run('SELECT 1')).rejects.toMatchObject({ code: 'CALL_OVERLOADED' });
    expect((await query(database, 'SELECT 1 AS n')).rows[0]?.['n']).toBe(1);
    controller.abort(new CancelledError('enough'));
    await running;
    await vi.waitFor(() => run('SELECT 1', new AbortController().signal));
    await database.close();
  });

  it('counts writers too, and a closing database refuses who waits', async () => {
    const database = await openWith('CREATE TABLE t(a INTEGER)', { pool: 1, queue: 5 });
    const write = await prepared(database, 'INSERT INTO t VALUES (1)');
    const open = await database.run(write, {}, callOf());
    const waiting = query(database, 'SELECT 1');
    const refused = expect(waiting).rejects.toMatchObject({ code: 'CALL_SHUTTING_DOWN' });
    await prepared(database, 'SELECT 1');
    const closing = database.close();
    await refused;
    await open.settle(true);
    await closing;
  });
});

describe('the limits of a result', () => {
  let database: Database;
  beforeAll(async () => {
    database = await openWith("CREATE TABLE words AS SELECT repeat('x', 1000) AS w FROM range(1000)", {
      pool: 4,
    });
  });
  afterAll(() => database.close());

  it('bound its columns, and names that come twice cost no more than others', async () => {
    const select = (columns: number): string => `SELECT ${Array(columns).fill('1 AS a').join(',')}`;
    const { rows, columns } = await query(database, select(4096));
    expect(Object.keys(rows[0] ?? {})).toEqual(columns.map(({ name }) => name));
    expect(columns.slice(0, 3).map(({ name }) => name)).toEqual(['a', 'a_1', 'a_2']);
    const started = process.cpuUsage();
    await expect(query(database, select(20_000))).rejects.toMatchObject({ code: 'EXECUTE_SQL_REFUSED' });
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(5000);
  });

  const limited = (more: Partial<typeof noLimits>) => ({ limits: { ...noLimits, ...more } });

  it('end 100 million rows at the budget with flat memory', async () => {
    const body = await prepared(database, "SELECT range AS i, repeat('y', 50) AS t FROM range(100000000)");
    await database.run(body, {}, callOf()).catch(() => undefined);
    const before = process.memoryUsage().rss;
    const started = process.cpuUsage();
    for (let round = 0; round < 5; round += 1) {
      const run = database.run(body, {}, callOf());
      await expect(run).rejects.toMatchObject({ code: 'EXECUTE_LIMIT_EXCEEDED', limit: 'max_rows' });
    }
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(5000);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
  });

  it('leave nothing of the rows that nobody read in the memory of DuckDB', async () => {
    const wide = "SELECT repeat('y', 1000) || range AS t FROM range(100000000)";
    for (let round = 0; round < 5; round += 1)
      await expect(query(database, wide, limited({ maxRows: 10 }))).rejects.toMatchObject({
        limit: 'max_rows',
      });
    const { rows } = await query(
      database,
      'SELECT sum(memory_usage_bytes)::DOUBLE AS bytes FROM duckdb_memory()',
    );
    expect(rows[0]?.['bytes']).toBeLessThan(2_000_000);
  });

  it.each([
    ['max_rows', 'SELECT * FROM range(11)', { maxRows: 10 }],
    ['max_bytes', 'SELECT w FROM words', { maxBytes: 50_000 }],
    ['max_bytes', "SELECT repeat('z', 200000) AS v", { maxBytes: 100_000 }],
    ['max_bytes', "SELECT repeat('z', 200000)::BLOB AS v", { maxBytes: 100_000 }],
    ['max_bytes', "SELECT ['a', repeat('z', 200000)] AS v", { maxBytes: 100_000 }],
    ['max_bytes', "SELECT NULL AS a UNION ALL SELECT repeat('z', 200000)", { maxBytes: 100_000 }],
    ['max_scan_rows', 'SELECT * FROM range(1001)', { maxScanRows: 1000 }],
  ] as const)('%s ends %s with an error that names it and no count', async (limit, sql, limits) => {
    const run = query(database, sql, limited(limits));
    await expect(run).rejects.toMatchObject({ code: 'EXECUTE_LIMIT_EXCEEDED', limit });
    await expect(run).rejects.toThrow(expect.not.stringMatching(/\d/) as string);
  });

  it('that fit exactly are no error', async () => {
    expect(
      (await query(database, 'SELECT * FROM range(10)', limited({ maxRows: 10, maxScanRows: 10 }))).rows,
    ).toHaveLength(10);
  });

  it('cut the result with on_limit: truncate, and the connection works on', async () => {
    for (let round = 0; round < 3; round += 1) {
      const { rows, truncated } = await query(
        database,
        'SELECT * FROM range(100000000)',
        limited({ maxRows: 10, onLimit: 'truncate' }),
      );
      expect({ rows: rows.length, truncated }).toEqual({ rows: 10, truncated: true });
    }
    const bytes = await query(
      database,
      'SELECT w FROM words',
      limited({ maxBytes: 50_000, onLimit: 'truncate' }),
    );
    expect(bytes.rows.length).toBeGreaterThan(40);
    expect(JSON.stringify(bytes.rows).length).toBeLessThanOrEqual(50_000);
  });

  it('count what is left after keepRow, while max_scan_rows counts what is read', async () => {
    const keepRow = (row: JsonObject): boolean => Number(row['range']) % 1000 === 0;
    const kept = await query(database, 'SELECT * FROM range(10000)', {
      ...limited({ maxRows: 10 }),
      keepRow,
    });
    expect(kept.rows).toHaveLength(10);
    const scan = query(database, 'SELECT * FROM range(10000)', {
      ...limited({ maxScanRows: 5000 }),
      keepRow,
    });
    await expect(scan).rejects.toMatchObject({ limit: 'max_scan_rows' });
  });

  it('let an error of keepRow through, and free the connection', async () => {
    const failure = new Error('rule failed');
    const keepRow = (): boolean => {
      throw failure;
    };
    await expect(query(database, 'SELECT * FROM range(5)', { keepRow })).rejects.toMatchObject({
      cause: failure,
    });
    expect((await query(database, 'SELECT 1 AS n')).rows).toHaveLength(1);
  });

  it('ask a rule that takes long for each row no more once the call is stopped, and let others have their turns', async () => {
    const stopped = new AbortController();
    let rows = 0;
    const keepRow = (): boolean => {
      const end = performance.now() + 5;
      while (performance.now() < end); // as a rule that looks through a long list
      rows += 1;
      return true;
    };
    const running = query(database, 'SELECT * FROM range(2000)', { keepRow, signal: stopped.signal });
    await vi.waitUntil(() => rows > 0, { timeout: 30_000 });
    stopped.abort(new ExecuteTimeoutError('too late'));
    await expect(running).rejects.toMatchObject({ code: 'EXECUTE_TIMEOUT' });
    expect((await query(database, 'SELECT 1 AS n')).rows).toHaveLength(1);
    expect(rows).toBeLessThan(2000);
  });

  it('that cut the RETURNING of a write do not cut the write', async () => {
    const other = await openWith('CREATE TABLE t(a BIGINT)');
    const body = await prepared(other, 'INSERT INTO t SELECT range FROM range(100000) RETURNING a');
    const { rows, truncated } = await settledRun(
      other,
      body,
      {},
      limited({ maxRows: 5, onLimit: 'truncate' }),
    );
    expect({ rows: rows.length, truncated }).toEqual({ rows: 5, truncated: true });
    expect((await query(other, 'SELECT count(*) AS n FROM t')).rows[0]?.['n']).toBe(100_000);
    await other.close();
  });
});
