import { spawn } from 'node:child_process';
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/execute/database.js';
import type { Secret } from '../../src/model/settings.js';
import { callOf, openWith, prepared, query, settingsOf, settledRun, sql, temporaryFolder } from './site.js';

const clientPath = createRequire(import.meta.url).resolve('@duckdb/node-api');

async function file(): Promise<string> {
  return join(await temporaryFolder(), 'data.duckdb');
}

describe('a database file', () => {
  it.each(['data.duckdb', 'inner/data.duckdb'])(
    'in a folder that is a file is unavailable: %s',
    async (name) => {
      const blocked = join(await temporaryFolder(), 'blocked');
      await writeFile(blocked, '');
      await expect(openWith('', { path: join(blocked, name) })).rejects.toMatchObject({
        code: 'EXECUTE_DATABASE_UNAVAILABLE',
        message: expect.stringContaining('blocked') as string,
      });
    },
  );

  it('is one instance for all that open it, also through a link, and closes with the last', async () => {
    const path = await file();
    const init = sql('CREATE TABLE IF NOT EXISTS t(a INTEGER); INSERT INTO t VALUES (1)');
    const first = await openDatabase({ settings: settingsOf({ path, init }), secrets: [] });
    const second = await openDatabase({ settings: settingsOf({ path, init }), secrets: [] });
    await query(first, 'INSERT INTO t VALUES (2)');
    expect((await query(second, 'SELECT count(*) AS n FROM t')).rows[0]?.['n']).toBe(2);
    await first.close();
    expect((await query(second, 'SELECT count(*) AS n FROM t')).rows[0]?.['n']).toBe(2);
    await second.close();
    const third = await openDatabase({ settings: settingsOf({ path, init }), secrets: [] });
    expect((await query(third, 'SELECT count(*) AS n FROM t')).rows[0]?.['n']).toBe(3);
    await third.close();
  });

  it('that was replaced by another file is another instance', async () => {
    const path = await file();
    const old = await openDatabase({
      settings: settingsOf({ path, init: sql('CREATE TABLE old(a INTEGER)') }),
      secrets: [],
    });
    const other = join(await temporaryFolder(), 'other.duckdb');
    const made = await openWith('CREATE TABLE new(a INTEGER)', { path: other });
    await made.close();
    await rename(other, path);
    const fresh = await openDatabase({ settings: settingsOf({ path }), secrets: [] });
    expect((await query(fresh, 'SELECT count(*) AS n FROM new')).rows[0]?.['n']).toBe(0);
    expect((await query(old, 'SELECT count(*) AS n FROM old')).rows[0]?.['n']).toBe(0);
    await Promise.all([old.close(), fresh.close()]);
  });

  it('tells which changed settings need a restart', async () => {
    const path = await file();
    const first = await openDatabase({ settings: settingsOf({ path, threads: 1 }), secrets: [] });
    const second = await openDatabase({
      settings: settingsOf({ path, threads: 2, timezone: 'Asia/Tokyo' }),
      secrets: [],
    });
    expect(first.restartNeeded).toEqual([]);
    expect([...second.restartNeeded].sort()).toEqual(['duckdb.threads', 'duckdb.timezone']);
    await Promise.all([first.close(), second.close()]);
  });

  it('that another process holds is waited for, then named together with the holder', async () => {
    const path = await file();
    const code = `require(${JSON.stringify(clientPath)}).DuckDBInstance.create(${JSON.stringify(path)}).then((i) => { globalThis.i = i; console.log('open'); setTimeout(() => {}, 60000); })`;
    const holder = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    const settings = settingsOf({ path });
    await expect(openDatabase({ settings, secrets: [], lockWaitMs: 60 })).rejects.toMatchObject({
      code: 'EXECUTE_DATABASE_UNAVAILABLE',
      message: expect.stringMatching(new RegExp(`${path}.*PID ${String(holder.pid)}`)) as string,
    });
    const waiting = openDatabase({ settings, secrets: [], lockWaitMs: 10_000 });
    holder.kill('SIGKILL');
    await (await waiting).close();
  });

  it('that is no database, or cannot be made, is an error that names it', async () => {
    const path = await file();
    await writeFile(path, 'this is not a database '.repeat(500));
    await expect(openWith('', { path })).rejects.toMatchObject({
      code: 'EXECUTE_DATABASE_UNAVAILABLE',
      message: expect.stringContaining(path) as string,
    });
  });

  it('opened read-only refuses writes, and several can share it', async () => {
    const path = await file();
    await (await openWith('CREATE TABLE t(a INTEGER)', { path })).close();
    const database = await openWith('', { path }, { readonly: true });
    expect(database.readonly).toBe(true);
    const body = await prepared(database, 'INSERT INTO t VALUES (1)');
    expect(body.effects).toBe('write');
    await expect(database.run(body, {}, callOf())).rejects.toMatchObject({ code: 'EXECUTE_FAILED' });
    expect((await query(database, 'SELECT count(*) AS n FROM t')).rows[0]?.['n']).toBe(0);
    await database.close();
  });
});

describe('readonly: auto', () => {
  it.each([
    [true, ['SELECT 1', 'FROM t; DESCRIBE t'], 'SELECT 1'],
    [false, ['SELECT 1'], 'CREATE TABLE IF NOT EXISTS x(a INTEGER)'],
    [false, ['SELECT 1', 'INSERT INTO t VALUES (1)'], ''],
    [false, ["SELECT nextval('s')"], ''],
    [false, ["SELECT * FROM query('SELECT nextval(''s'')')"], ''],
    [false, ['SELECT 1 -- ;\n; DELETE FROM t'], ''],
  ])('is %s for %j after init %j', async (wanted, bodies, init) => {
    const path = await file();
    await (await openWith('CREATE TABLE t(a INTEGER); CREATE SEQUENCE s', { path })).close();
    const database = await openWith(init, { path, readonly: 'auto' }, { bodies: bodies.map(sql) });
    expect(database.readonly).toBe(wanted);
    await database.close();
  });

  it('is false while there is no file, or nothing is known of the bodies', async () => {
    const created = await openWith(
      '',
      { path: await file(), readonly: 'auto' },
      { bodies: [sql('SELECT 1')] },
    );
    expect(created.readonly).toBe(false);
    const unknown = await openWith('', { path: await file(), readonly: 'auto' });
    expect(unknown.readonly).toBe(false);
    await Promise.all([created.close(), unknown.close()]);
  });
});

describe('start-up', () => {
  it('reports a failing init with its place', async () => {
    await expect(openWith('CREATE TABLE t(a INTEGER);\nSELECT * FROM missing')).rejects.toMatchObject({
      code: 'EXECUTE_DATABASE_UNAVAILABLE',
      message: expect.stringContaining('tools/t.yml:11') as string,
    });
  });

  it('refuses an init that DuckDB would read in part', async () => {
    await expect(openWith('SELECT 1;\nCREATE TABLE t(a INTEGER) \0')).rejects.toMatchObject({
      code: 'EXECUTE_DATABASE_UNAVAILABLE',
      message: expect.stringMatching(/tools\/t\.yml:11:31: .*NUL/) as string,
    });
  });

  it.each(['postgres://ann:hush-hush@localhost/db', 'host=localhost password=hush-hush'])(
    'does not say the password of what it cannot attach: %s',
    async (url) => {
      const failed = openWith('', { attach: [{ name: 'other', url, readonly: true }] });
      const error: unknown = await failed.catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'EXECUTE_DATABASE_UNAVAILABLE' });
      expect(inspect(error)).toContain("Cannot attach 'other': Cannot open database");
      expect(inspect(error)).not.toContain('hush');
    },
  );

  it('says how to install an extension that is not there', async () => {
    const external = openWith('', { extensions: [{ name: 'no_such_extension' }] });
    await expect(external).rejects.toMatchObject({
      code: 'EXECUTE_DATABASE_UNAVAILABLE',
      message: expect.stringMatching(/no_such_extension.*\.duckdb\/extensions/) as string,
    });
  });

  it('loads what is built in, without network', async () => {
    const database = await openWith('', { extensions: [{ name: 'json' }, { name: 'parquet' }] });
    await database.close();
  });

  it('applies threads, memory, timezone and the limit of temporary files', async () => {
    const database = await openWith('', {
      threads: 2,
      memoryLimit: '512MB',
      timezone: 'Asia/Tokyo',
      maxTempDirectorySize: '64MB',
    });
    const { rows } = await query(
      database,
      `SELECT current_setting('threads') AS t, current_setting('memory_limit') AS m, current_setting('TimeZone') AS z,
              current_setting('max_temp_directory_size') AS s`,
    );
    expect(Object.values(rows[0] ?? {})).toEqual([2, '488.2 MiB', 'Asia/Tokyo', '61.0 MiB']);
    await database.close();
  });

  it('takes half of the memory when nothing else is said, and UTC', async () => {
    const database = await openWith('');
    const { rows } = await query(
      database,
      "SELECT current_setting('memory_limit') AS m, current_setting('TimeZone') AS z",
    );
    expect(rows[0]?.['m']).toMatch(/^\d+(\.\d)? [MGT]iB$/);
    expect(rows[0]?.['z']).toBe('UTC');
    await database.close();
  });

  it('attaches databases', async () => {
    const path = await file();
    await (await openWith('CREATE TABLE t AS SELECT 5 AS a', { path })).close();
    const database = await openWith('', { attach: [{ name: "o'ther", url: path, readonly: true }] });
    expect((await query(database, `SELECT a FROM "o'ther".t`)).rows[0]?.['a']).toBe(5);
    await database.close();
  });
});

describe('secrets', () => {
  const secret = (type: string, parameters: Secret['parameters']): Secret => ({
    name: 'my secret',
    type,
    parameters,
  });

  it('are temporary secrets of DuckDB, whatever their values contain, and replaced by the next runtime', async () => {
    const path = await file();
    const value = "it's; DROP TABLE x --\\";
    const secrets = [secret('http', { bearer_token: value, extra_http_headers: { 'X-A': "b'c" } })];
    const database = await openDatabase({ settings: settingsOf({ path }), secrets });
    const shown = await query(database, 'SELECT name, type, persistent FROM duckdb_secrets()');
    expect(JSON.stringify(shown.rows)).toBe('[{"name":"my secret","type":"http","persistent":false}]');
    const next = await openDatabase({
      settings: settingsOf({ path }),
      secrets: [secret('http', { bearer_token: 'new' })],
    });
    expect((await query(next, 'SELECT count(*) AS n FROM duckdb_secrets()')).rows[0]?.['n']).toBe(1);
    await Promise.all([database.close(), next.close()]);
  });

  it('of types that DuckDB does not know are left alone', async () => {
    const database = await openDatabase({
      settings: settingsOf(),
      secrets: [secret('crm-api', { key: 'x' })],
    });
    expect((await query(database, 'SELECT count(*) AS n FROM duckdb_secrets()')).rows[0]?.['n']).toBe(0);
    await database.close();
  });

  it('that DuckDB refuses are named without their values', async () => {
    const opening = openDatabase({
      settings: settingsOf(),
      secrets: [secret('http', { nonsense: 'hunter2' })],
    });
    await expect(opening).rejects.toThrow(/my secret.*nonsense/);
    await expect(opening).rejects.not.toThrow(/hunter2/);
  });
});

describe('external_access: false', () => {
  it('cuts off files, extensions and settings, also for authors, but for what is allowed', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'in'));
    await writeFile(join(folder, 'in', 'a.csv'), 'x\n1\n');
    await writeFile(join(folder, 'out.csv'), 'x\n2\n');
    const database = await openWith(`CREATE TABLE seed AS FROM read_csv('${join(folder, 'out.csv')}')`, {
      path: join(folder, 'd.duckdb'),
      externalAccess: false,
      allowedDirectories: [join(folder, 'in')],
    });
    const allowed = await query(database, `SELECT x FROM read_csv('${join(folder, 'in', 'a.csv')}')`);
    expect(allowed.rows[0]?.['x']).toBe(1);
    for (const text of [
      `SELECT * FROM read_csv('${join(folder, 'out.csv')}')`,
      `SELECT * FROM read_text('${join(folder, 'in', '..', 'out.csv')}')`,
      "SELECT * FROM '/etc/passwd'",
      "SELECT * FROM glob('/etc/*')",
      "SET TimeZone = 'Asia/Tokyo'; SELECT 1",
    ]) {
      const { problems } = await database.prepare({ language: 'sql', source: sql(text) }, []);
      expect(
        problems.map((problem) => problem.rule),
        text,
      ).toEqual(['sql-does-not-prepare']);
    }
    expect((await query(database, 'SELECT x FROM seed')).rows[0]?.['x']).toBe(2);
    await database.close();
  });
});

describe('an attached database behind external_access: false', () => {
  it('can still be read and written, and survives', async () => {
    const other = await file();
    await (await openWith('CREATE TABLE t(a INTEGER)', { path: other })).close();
    const settings = {
      path: await file(),
      externalAccess: false,
      attach: [{ name: 'other', url: other, readonly: false }],
    };
    const database = await openWith('', settings);
    await query(database, 'INSERT INTO other.t VALUES (3)');
    expect((await query(database, 'SELECT a FROM other.t')).rows[0]?.['a']).toBe(3);
    await database.close();
    const again = await openWith('', { path: other });
    expect((await query(again, 'SELECT a FROM t')).rows[0]?.['a']).toBe(3);
    await again.close();
  });
});

describe('two writers of the same row', () => {
  it('conflict: the later one gets a code that says so, and can be repeated', async () => {
    const database = await openWith(
      'CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO t VALUES (1, 0)',
    );
    const add = await prepared(database, 'UPDATE t SET n = n + 1 WHERE id = 1 RETURNING n');
    const first = await database.run(add, {}, callOf());
    await expect(database.run(add, {}, callOf())).rejects.toMatchObject({ code: 'EXECUTE_CONFLICT' });
    await first.settle(true);
    expect((await settledRun(database, add)).rows[0]?.['n']).toBe(2);
    await database.close();
  });

  it('of the same new key conflict at COMMIT, and nothing of the later one stays', async () => {
    const database = await openWith('CREATE TABLE t(id INTEGER PRIMARY KEY, who VARCHAR)');
    const one = await database.run(await prepared(database, "INSERT INTO t VALUES (1, 'a')"), {}, callOf());
    const two = await database.run(await prepared(database, "INSERT INTO t VALUES (1, 'b')"), {}, callOf());
    await one.settle(true);
    await expect(two.settle(true)).rejects.toMatchObject({ code: 'EXECUTE_CONFLICT' });
    expect((await query(database, 'SELECT who FROM t')).rows.map((row) => row['who'])).toEqual(['a']);
    await database.close();
  });
});

describe('a failing body', () => {
  it.each([
    ["SELECT CAST(v AS INTEGER) FROM (SELECT 'secret-value' AS v)", 'Conversion'],
    ["SELECT error('secret-value')", 'Invalid Input'],
    ["SELECT strptime(v, '%Y') FROM (SELECT 'secret-value' AS v)", 'Invalid Input'],
    ["INSERT INTO t VALUES ('secret-value')", 'Constraint'],
    ["SELECT v::JSON FROM (SELECT '{secret-value' AS v)", 'Conversion'],
  ])('says what kind of failure, never a value: %s', async (text, kind) => {
    const database = await openWith(
      "CREATE TABLE t(v VARCHAR PRIMARY KEY); INSERT INTO t VALUES ('secret-value')",
    );
    const run = query(database, text);
    await expect(run).rejects.toMatchObject({
      code: 'EXECUTE_FAILED',
      message: expect.stringContaining(kind) as string,
    });
    await expect(run).rejects.not.toThrow(/secret/);
    await database.close();
  });

  it('with an internal error of DuckDB costs one call, not the database', async () => {
    const database = await openWith('CREATE TABLE t AS SELECT 1 AS a');
    const { parameter } = await import('./site.js');
    const body = await prepared(database, 'SELECT typeof($p) AS t, $p::VARCHAR AS v', [
      parameter('p', { type: 'string' }),
    ]);
    await expect(database.run(body, { p: 'x' }, callOf())).rejects.toMatchObject({ code: 'EXECUTE_FAILED' });
    expect((await query(database, 'SELECT a FROM t')).rows[0]?.['a']).toBe(1);
    await database.close();
  });
});

describe('a copy of a database in use', () => {
  it('shows that commits are on disk before they are reported', async () => {
    const path = await file();
    const database = await openWith('CREATE TABLE t(a INTEGER)', { path });
    await query(database, 'INSERT INTO t VALUES (42)');
    const copy = await temporaryFolder();
    for (const name of await readdir(join(path, '..'))) {
      if (name.startsWith('data.duckdb')) await copyFile(join(path, '..', name), join(copy, name));
    }
    const other = await openWith('', { path: join(copy, 'data.duckdb') });
    expect((await query(other, 'SELECT a FROM t')).rows[0]?.['a']).toBe(42);
    await Promise.all([database.close(), other.close()]);
    await rm(copy, { recursive: true });
  });
});
