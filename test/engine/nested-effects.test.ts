import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditLog } from '../../src/audit/audit-log.js';
import { call } from '../../src/engine/pipeline.js';
import type { Runtime } from '../../src/engine/runtime.js';
import { AuditUnavailableError } from '../../src/errors.js';
import type { ClientChannel } from '../../src/model/call.js';
import type { Json } from '../../src/model/json.js';
import type { Outcome } from '../../src/model/outcome.js';
import { openSite, type OpenSite } from '../transport/open-site.js';

const folder = mkdtempSync(join(tmpdir(), 'mxcp-nested-'));
const copy = join(folder, 'copy.csv');
const endless = 'SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b';
const stubborn = `SELECT levenshtein(repeat('x', 20000), repeat('y', 20000)) AS n`;
const denying = "policies: {output: [{condition: 'true', action: deny, reason: never}]}";

const typescript = (name: string, more = ''): string =>
  `mxcp: 1\ntool:\n  name: ${name}\n  source: {file: ../typescript/bodies.ts}\n  ${more}\n`;
const sql = (name: string, code: string, more = ''): string =>
  `mxcp: 1\ntool:\n  name: ${name}\n  source: {code: ${JSON.stringify(code)}}\n  ${more}\n`;

const files = {
  'mxcp-site.yml': `mxcp: 1
project: nested
profile: default
profiles:
  default:
    duckdb: {path: ":memory:", pool: 4, allowed_directories: ["${folder}"], init: "CREATE TABLE t AS SELECT 0 AS i"}
`,
  'tools/reads.yml': typescript('reads', 'annotations: {readOnlyHint: true}'),
  'tools/sets.yml': sql(
    'sets',
    "SET VARIABLE who = 'ada'; CREATE TEMP TABLE mine AS SELECT 'ada' AS who; SELECT who FROM mine",
  ),
  'tools/peeks.yml': sql(
    'peeks',
    "SELECT getvariable('who') AS who, (SELECT count(*) FROM duckdb_tables() WHERE temporary) AS n",
  ),
  'tools/rows.yml': sql('rows', 'SELECT i FROM t ORDER BY i', 'return: {type: array}'),
  'tools/add.yml': sql('add', 'INSERT INTO t VALUES (1)'),
  'tools/bump.yml': sql('bump', 'UPDATE t SET i = 0', 'annotations: {idempotentHint: true}'),
  'tools/copies.yml': sql('copies', `COPY t TO '${copy}'; SELECT 1 AS n`),
  'tools/stubborn.yml': sql('stubborn', stubborn),
  'tools/endless.yml': sql('endless', endless),
  ...Object.fromEntries(
    ['leaves', 'busy', 'slowly', 'ignores', 'refuses', 'fails', 'tries', 'holds', 'copiesToo'].map((name) => [
      `tools/${name}.yml`,
      typescript(name),
    ]),
  ),
  'tools/bumps.yml': typescript('bumps', 'annotations: {idempotentHint: true}'),
  'tools/overdue.yml': typescript('overdue', 'limits: {timeout: 300ms}'),
  'tools/crowded.yml': typescript('crowded', 'limits: {timeout: 100ms, concurrency: 1}'),
  'tools/guarded.yml': typescript('guarded', `parameters: [{name: what, type: string}]\n  ${denying}`),
  'typescript/bodies.ts': `import type { ToolContext } from 'mxcp';
type Body = (args: unknown, ctx: ToolContext) => Promise<unknown>;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
let running = 0;
export const reads: Body = (_, ctx) => ctx.endpoints.call('sets');
export const leaves: Body = async (_, ctx) => { ctx.endpoints.call('slowly').catch(() => 0); return 'left'; };
export const slowly: Body = async (_, ctx) => {
  running += 1;
  await ctx.db.execute('INSERT INTO t VALUES (2)');
  await pause(300);
  await ctx.db.execute('INSERT INTO t VALUES (3)');
  running -= 1;
};
export const busy: Body = async () => running;
export const ignores: Body = async (_, ctx) => {
  await ctx.db.execute('INSERT INTO t VALUES (4)');
  ctx.endpoints.call('refuses').catch(() => 0);
  return 'ignored';
};
export const refuses: Body = async () => { await pause(100); throw new Error('no'); };
export const fails: Body = (_, ctx) => Promise.all([ctx.db.query('${endless}'), Promise.reject(new Error('no'))]);
export const overdue: Body = async (_, ctx) => {
  await ctx.db.execute('INSERT INTO t VALUES (5)');
  ctx.endpoints.call('endless').catch(() => 0);
  return 'in time';
};
export const holds: Body = async (_, ctx) => {
  await ctx.db.execute('UPDATE t SET i = i + 1');
  ctx.progress(1);
  await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
};
export const bumps: Body = (_, ctx) => ctx.endpoints.call('bump');
export const tries: Body = async (_, ctx) => {
  await ctx.endpoints.call('add').catch(() => 0);
  return 'went on';
};
export const copiesToo: Body = (_, ctx) => ctx.db.execute("COPY t TO '${copy}'");
export const guarded = ({ what }: { what: string }, ctx: ToolContext) => ctx.endpoints.call(what);
export const crowded: Body = (_, ctx) => ctx.endpoints.call('stubborn');
`,
};

let site: OpenSite;

beforeAll(async () => {
  site = await openSite(files);
});

afterAll(async () => {
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

interface How {
  readonly args?: object;
  readonly signal?: AbortSignal;
  readonly client?: ClientChannel;
  readonly runtime?: Runtime;
}

function run(name: string, { args = {}, runtime = site.runtime, ...how }: How = {}): Promise<Outcome> {
  const context = { transport: 'http', id: 'r', time: Date.now() * 1000, headers: {} } as const;
  return call(runtime, {
    kind: 'tool',
    name,
    arguments: args,
    caller: runtime.callerOf('http'),
    context,
    ...how,
  });
}

const told = (outcome: Outcome): Json =>
  outcome.status !== 'success'
    ? outcome.error.code
    : outcome.released.form === 'value'
      ? outcome.released.value
      : outcome.released.form;

/** What is in the table. */
const values = async (): Promise<Json> => told(await run('rows'));

describe('what calls from inside of bodies leave behind', () => {
  it('is nothing on a connection that others use: no variable, no temporary table', async () => {
    expect(told(await run('reads'))).toEqual([{ who: 'ada' }]);
    const seen = await Promise.all(Array.from({ length: 8 }, () => run('peeks')));
    expect(new Set(seen.map((outcome) => JSON.stringify(told(outcome))))).toEqual(
      new Set(['[{"who":null,"n":0}]']),
    );
  });

  it('is whole: a call ends after those that its body did not wait for, whose worker nobody gets before', async () => {
    const before = site.records().length;
    const left = run('leaves');
    await expect.poll(() => site.records().length).toBeGreaterThan(before);
    const busy = await Promise.all(Array.from({ length: 8 }, () => run('busy')));
    expect(new Set(busy.map(told))).toEqual(new Set([0]));
    expect(told(await left)).toBe('left');
    expect(await values()).toEqual([{ i: 0 }, { i: 2 }, { i: 3 }]);
  });

  it('is nothing when one fails that the body did not wait for', async () => {
    expect(told(await run('ignores'))).toBe('EXECUTE_FAILED');
    expect(await values()).toEqual([{ i: 0 }, { i: 2 }, { i: 3 }]);
  });

  it('is nothing when one cannot be recorded, though its body goes on', async () => {
    const log = site.runtime.audit;
    let records = 0;
    const audit: AuditLog = {
      append: (entry) => {
        records += 1;
        return records === 1 ? Promise.reject(new AuditUnavailableError('full')) : log.append(entry);
      },
      begin: (entry) => log.begin(entry),
      refuse: (entry) => log.refuse(entry),
      writable: () => log.writable(),
      status: () => log.status(),
      close: () => log.close(),
    };
    const runtime = { ...site.runtime, audit };
    expect(told(await run('tries', { runtime }))).toBe('EXECUTE_FAILED');
    expect(await values()).toEqual([{ i: 0 }, { i: 2 }, { i: 3 }]);
  });

  it('is nothing when its deadline passes while one goes on that the body did not wait for', async () => {
    const before = await values();
    expect(told(await run('overdue'))).toBe('EXECUTE_TIMEOUT');
    expect(await values()).toEqual(before);
  });

  it.each(['copies', 'copiesToo'])('is no file where a rule may deny the call above (%s)', async (what) => {
    expect(told(await run('guarded', { args: { what } }))).toBe('EXECUTE_FAILED');
    expect(existsSync(copy)).toBe(false);
    expect(told(await run('guarded', { args: { what: 'rows' } }))).toBe('POLICY_DENIED');
  });

  it('is a place of the endpoint that stays taken while a query goes on that nobody can stop', async () => {
    expect(told(await run('crowded'))).toBe('EXECUTE_TIMEOUT');
    expect(told(await run('crowded'))).toBe('CALL_OVERLOADED');
    await expect.poll(async () => told(await run('crowded')), { timeout: 10_000 }).toBe('EXECUTE_TIMEOUT');
  });
});

describe('statements of a body', () => {
  it('end with it when it fails before them', async () => {
    expect(told(await run('fails'))).toBe('EXECUTE_BODY_FAILED');
  });

  it('that conflict in a call inside are repeated with the call above only, which fails as a conflict', async () => {
    const stop = new AbortController();
    let holding: Promise<Outcome> | undefined;
    await new Promise<void>((resolve) => {
      holding = run('holds', { signal: stop.signal, client: { progress: () => resolve() } });
    });
    const before = site.records().length;
    expect(told(await run('bumps'))).toBe('EXECUTE_CONFLICT');
    const inside = site
      .records()
      .slice(before)
      .filter((record) => 'parent_call_id' in record && record['error_code'] === 'EXECUTE_CONFLICT');
    expect(inside).toHaveLength(4);
    stop.abort();
    await holding;
  });
});
