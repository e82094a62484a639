import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../src/audit/entry.js';
import { exportLog } from '../../src/audit/export-log.js';
import { followLog } from '../../src/audit/follow-log.js';
import { touchedFiles } from '../../src/audit/log-files.js';
import { parseTime, type LogFilter } from '../../src/audit/log-filter.js';
import { logStats } from '../../src/audit/log-stats.js';
import { openAuditLog } from '../../src/audit/open-audit-log.js';
import { queryLog, type LogPage } from '../../src/audit/query-log.js';
import { streamLog } from '../../src/audit/stream-log.js';
import { entry, makeSite, siteSecret, type Site } from './support.js';

const at = (minute: number): string => `2026-11-20T10:${String(minute).padStart(2, '0')}:00.000000Z`;
const rule = {
  rule: 'tool/salaries/input[0]',
  hash: 'a'.repeat(64),
  action: 'deny',
  matched: true,
  changed: 0,
};

const entries: Partial<AuditEntry>[] = [
  {
    operation_name: 'salaries',
    username: 'anna',
    user_key: 'github|1',
    call_id: 'c0',
    client_name: 'inspector',
  },
  {
    operation_name: 'salaries',
    operation_status: 'error',
    policy_decision: 'deny',
    policy_rule: rule.rule,
    policy_actions: [rule],
    user_id: '2',
    call_id: 'c1',
    error_code: 'POLICY_DENIED',
  },
  {
    operation_type: 'resource',
    operation_name: 'emp://{id}',
    resource_uri: 'emp://7',
    session_id: 's1',
    call_id: 'c2',
  },
  {
    operation_type: 'prompt',
    operation_name: 'letter',
    trace_id: 't1',
    call_id: 'c3',
    policy_decision: 'warn',
  },
  {
    operation_name: 'orders',
    policy_shadow: [{ ...rule, rule: 'site/input[1]' }],
    call_id: 'c4',
    output_rows: 3,
  },
  {
    operation_name: 'orders',
    operation_status: 'error',
    error_code: 'EXECUTE_FAILED',
    error: 'quoth "the raven"',
    call_id: 'c5',
  },
];

let site: Site;

beforeAll(async () => {
  site = makeSite();
  const log = await openAuditLog({ settings: site.settings, siteSecret, now: () => Date.parse(at(8)) });
  for (const [index, one] of entries.entries()) await log.append(entry({ ...one, timestamp: at(index) }));
  const started = { operation_status: 'started', policy_decision: 'n/a' } as const;
  await log.begin(entry({ ...started, timestamp: at(6), call_id: 'done' }));
  await log.append(entry({ timestamp: at(6), call_id: 'done', operation_name: 'write' }));
  await log.begin(entry({ ...started, timestamp: at(7), call_id: 'lost', operation_name: 'write' }));
  await log.close();
});

function page(filter: LogFilter, more: object = {}): Promise<LogPage> {
  return queryLog({ path: site.settings.path, filter, limit: 100, offset: 0, ascending: true, ...more });
}

async function calls(filter: LogFilter, more: object = {}): Promise<unknown[]> {
  return (await page(filter, more)).records.map((record) => record['call_id']);
}

describe('a filter of mxcp log', () => {
  const cases: [string, LogFilter, string[]][] = [
    ['tool', { tool: 'salaries' }, ['c0', 'c1']],
    ['resource by template', { resource: 'emp://{id}' }, ['c2']],
    ['resource by URI', { resource: 'emp://7' }, ['c2']],
    ['prompt', { prompt: 'letter' }, ['c3']],
    ['type', { type: 'resource' }, ['c2']],
    ['policy deny', { policy: 'deny' }, ['c1']],
    ['policy warn', { policy: 'warn' }, ['c3']],
    ['policy n/a: starts without an outcome', { policy: 'n/a' }, ['lost']],
    ['rule that denied', { rule: rule.rule }, ['c1']],
    ['rule in shadow', { rule: 'site/input[1]' }, ['c4']],
    ['shadow', { shadow: true }, ['c4']],
    ['status error', { status: 'error' }, ['c1', 'c5']],
    ['status started', { status: 'started' }, ['lost']],
    ['user by key', { user: 'github|1' }, ['c0']],
    ['user by id', { user: '2' }, ['c1']],
    ['user by name', { user: 'anna' }, ['c0']],
    ['client', { client: 'inspector' }, ['c0']],
    ['session', { session: 's1' }, ['c2']],
    ['trace', { trace: 't1' }, ['c3']],
    ['call', { call: 'c4' }, ['c4']],
    ['since, inclusive', { since: Date.parse(at(5)) }, ['c5', 'done', 'lost']],
    ['until, exclusive', { until: Date.parse(at(2)) }, ['c0', 'c1']],
    ['grep', { grep: 'POLICY_DENIED' }, ['c1']],
    ['grep of a quoted text', { grep: '"the raven"' }, ['c5']],
    ['two at once', { tool: 'orders', status: 'error' }, ['c5']],
    ['a value that is SQL', { user: "' OR 1=1 --" }, []],
    [
      'nothing: one line per call, none about segments',
      {},
      ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'done', 'lost'],
    ],
  ];
  for (const [name, filter, wanted] of cases) {
    it(name, async () => {
      expect(await calls(filter)).toEqual(wanted);
      expect(await calls(filter, { columns: ['call_id', 'timestamp'] }), 'with few columns').toEqual(wanted);
      const streamed: unknown[] = [];
      await streamLog({ path: site.settings.path, filter, offset: 0, ascending: true }, (record) => {
        streamed.push(record['call_id']);
        return true;
      });
      expect(streamed, 'as a stream').toEqual(wanted);
    });
  }

  it('stops reading when nobody wants more', async () => {
    const all = { path: site.settings.path, filter: {}, offset: 0, ascending: true };
    let taken = 0;
    const { count } = await streamLog(all, () => (taken += 1) < 3);
    expect([count, taken]).toEqual([3, 3]);
  });

  it('shows the outcome as the last record of a call', async () => {
    const { records } = await page({ call: 'done' });
    expect(records).toMatchObject([{ operation_status: 'success', operation_name: 'write' }]);
  });

  it('shows lines about segments when asked for server events', async () => {
    expect((await page({ type: 'server' })).records).toMatchObject([{ operation_name: 'audit.segment' }]);
  });
});

describe('paging', () => {
  it('goes from newest to oldest unless asked otherwise, and says how many there are', async () => {
    const first = await page({ tool: 'salaries' }, { limit: 1, ascending: false });
    expect(first).toMatchObject({ total: 2, records: [{ call_id: 'c1' }] });
    expect(await calls({}, { limit: 2, offset: 3, ascending: false })).toEqual(['c4', 'c3']);
    expect(await calls({}, { limit: 2, offset: 3 })).toEqual(['c3', 'c4']);
    expect(await calls({}, { offset: 100 })).toEqual([]);
  });

  it('gives whole records with their types', async () => {
    const { records } = await page({ call: 'c1' });
    expect(records[0]).toMatchObject({
      duration_ms: 1.5,
      schema_version: 2,
      input_data: { department: 'sales' },
      policy_actions: [rule],
    });
    expect(records[0]).not.toHaveProperty('username');
  });
});

describe('lines that are no records', () => {
  it('are counted and named, and hide nothing', async () => {
    const own = makeSite();
    const log = await openAuditLog({ settings: own.settings, siteSecret });
    await log.append(entry({ call_id: 'before' }));
    const path = join(own.folder, log.status().segment);
    appendFileSync(path, '{"broken":\n[1]\nnull\n\u0000\u0000\n');
    await log.append(entry({ call_id: 'after' }));
    await log.close();
    const query = { path: own.settings.path, filter: {}, limit: 10, offset: 0, ascending: true };
    const { records, unreadable } = await queryLog(query);
    expect(records.map((record) => record['call_id'])).toEqual(['before', 'after']);
    const file = path.slice(own.folder.length + 1);
    expect(unreadable).toEqual({ count: 4, places: [3, 4, 5, 6].map((line) => ({ file, line })) });
    expect((await logStats(own.settings.path, {}, 'tool')).unreadable.count).toBe(4);
    const streamed = await streamLog({ ...query, limit: undefined }, () => true);
    expect(streamed).toMatchObject({ count: 2, unreadable: { count: 4 } });
  });

  it('a line in the making is not one of them', async () => {
    const own = makeSite();
    const log = await openAuditLog({ settings: own.settings });
    appendFileSync(join(own.folder, log.status().segment), '{"half');
    const { unreadable } = await queryLog({
      path: own.settings.path,
      filter: {},
      limit: 10,
      offset: 0,
      ascending: true,
    });
    expect(unreadable.count).toBe(0);
    await log.close();
  });
});

describe('the files that a query reads', () => {
  it('are those that the time range touches', async () => {
    const own = makeSite();
    let now = Date.parse('2026-11-01T10:00:00Z');
    const log = await openAuditLog({ settings: own.settings, now: () => now });
    const names: string[] = [];
    for (let day = 0; day < 5; day += 1) {
      await log.append(entry());
      names.push(join(own.folder, log.status().segment));
      now += 86_400_000;
    }
    await log.close();
    expect(new Set(names).size).toBe(5);
    expect(touchedFiles(own.settings.path, Date.parse('2026-11-05T00:00:00Z'), undefined)).toEqual(
      names.slice(4),
    );
    expect(touchedFiles(own.settings.path, undefined, Date.parse('2026-11-01T00:00:00Z'))).toEqual(
      names.slice(0, 1),
    );
  });

  it('are found by the time of their records after the clock went back by days', async () => {
    const own = makeSite();
    let now = Date.parse('2026-11-09T10:00:00Z');
    const log = await openAuditLog({ settings: own.settings, now: () => now });
    now = Date.parse('2026-11-03T10:00:00Z');
    await log.append(entry());
    const segment = join(own.folder, log.status().segment);
    await log.close();
    expect(touchedFiles(own.settings.path, undefined, Date.parse('2026-11-04T00:00:00Z'))).toEqual([segment]);
  });

  it("include the Python program's", async () => {
    const own = makeSite();
    const log = await openAuditLog({ settings: own.settings });
    await log.close();
    const line = {
      schema_name: 'mxcp.endpoints',
      record_id: 'x',
      timestamp: '2026-11-20T10:00:00.5+00:00',
      operation_type: 'tool',
      operation_name: 'old',
    };
    writeFileSync(own.settings.path, `${JSON.stringify(line, null, 1).replaceAll('\n', '')}\n`);
    const { records } = await queryLog({
      path: own.settings.path,
      filter: { tool: 'old' },
      limit: 10,
      offset: 0,
      ascending: true,
    });
    expect(records).toMatchObject([{ operation_name: 'old', record_id: 'x' }]);
  });

  it('may have names that are patterns', async () => {
    const own = makeSite();
    const path = join(own.root, 'a[b]*?', "it's", 'logs-x.jsonl');
    const log = await openAuditLog({ settings: { ...own.settings, path } });
    await log.append(entry({ call_id: 'here' }));
    await log.close();
    const { records } = await queryLog({ path, filter: {}, limit: 10, offset: 0, ascending: true });
    expect(records).toMatchObject([{ call_id: 'here' }]);
  });

  it('need not exist', async () => {
    const { records, total } = await queryLog({
      path: '/nowhere/at/all.jsonl',
      filter: {},
      limit: 10,
      offset: 0,
      ascending: true,
    });
    expect([records, total]).toEqual([[], 0]);
  });
});

describe('statistics', () => {
  it('count calls, errors and denials, in all and by group', async () => {
    const stats = await logStats(site.settings.path, {}, 'tool');
    expect(stats.total).toMatchObject({
      calls: 8,
      errors: 2,
      denials: 1,
      rows: 3,
      averageMs: 1.5,
      p95Ms: 1.5,
    });
    expect(stats.groups.find(({ key }) => key === 'salaries')).toMatchObject({ calls: 2, denials: 1 });
    expect(stats.groups.map(({ key }) => key)).toContain('resource emp://{id}');
  });

  it('by user, policy, rule and hour', async () => {
    const keysBy = async (by: 'user' | 'policy' | 'rule' | 'hour'): Promise<unknown[]> =>
      (await logStats(site.settings.path, {}, by)).groups.map(({ key, calls: count }) => [key, count]);
    expect(await keysBy('policy')).toEqual([
      ['allow', 5],
      ['deny', 1],
      ['n/a', 1],
      ['warn', 1],
    ]);
    expect(await keysBy('hour')).toEqual([['2026-11-20T10:00Z', 8]]);
    expect(await keysBy('user')).toContainEqual(['github|1', 1]);
    expect(await keysBy('rule')).toContainEqual([rule.rule, 1]);
  });

  it('by rule count a call for each rule that acted, and once in all', async () => {
    const own = makeSite();
    const log = await openAuditLog(own);
    const mask = (name: string) => ({ ...rule, rule: name, action: 'mask_fields', changed: 2 });
    await log.append(entry({ policy_decision: 'warn', policy_actions: [mask('email'), mask('ssn')] }));
    await log.append(entry({ policy_decision: 'warn', policy_actions: [mask('ssn'), mask('ssn')] }));
    await log.append(entry({ policy_decision: 'deny', policy_rule: 'ssn', policy_actions: [mask('ssn')] }));
    await log.append(entry({ policy_decision: 'deny', policy_rule: 'login' }));
    await log.append(entry({}));
    await log.close();
    const { total, groups } = await logStats(own.settings.path, {}, 'rule');
    expect(total).toMatchObject({ calls: 5, denials: 2 });
    expect(groups.map(({ key, calls, denials }) => [key, calls, denials])).toEqual([
      ['ssn', 3, 1],
      ['email', 1, 0],
      ['login', 1, 1],
      [null, 1, 0],
    ]);
  });
});

describe('exports', () => {
  it('to DuckDB have a table audit_logs with typed columns', async () => {
    const file = join(site.root, 'export.duckdb');
    expect(await exportLog(site.settings.path, {}, { format: 'duckdb', file })).toMatchObject({ count: 8 });
    const connection = await (await DuckDBInstance.create(file)).connect();
    const reader = await connection.runAndReadAll(
      "SELECT typeof(timestamp) AS t, typeof(duration_ms) AS d, typeof(seq) AS s, typeof(input_data) AS i, timestamp::VARCHAR AS at, duration_ms FROM audit_logs WHERE call_id = 'c1'",
    );
    expect(reader.getRowObjectsJson()).toEqual([
      { t: 'TIMESTAMP', d: 'DOUBLE', s: 'BIGINT', i: 'JSON', at: '2026-11-20 10:01:00', duration_ms: 1.5 },
    ]);
    connection.closeSync();
  });

  it('to Parquet have the filtered records', async () => {
    const file = join(site.root, "exp'ort.parquet");
    expect(
      await exportLog(site.settings.path, { status: 'error' }, { format: 'parquet', file }),
    ).toMatchObject({ count: 2 });
    expect(readFileSync(file).subarray(0, 4).toString()).toBe('PAR1');
  });
});

describe('follow', () => {
  it('hands out calls as they end, also from segments that are new', async () => {
    const own = makeSite();
    const log = await openAuditLog({ settings: own.settings });
    await log.append(entry({ call_id: 'old' }));
    const stop = new AbortController();
    const seen: unknown[] = [];
    const take = (record: object): void => {
      seen.push((record as Record<string, unknown>)['call_id']);
      if (seen.length === 2) stop.abort();
    };
    const following = followLog({
      path: own.settings.path,
      filter: { tool: 'salaries' },
      signal: stop.signal,
      take,
      unreadable: () => undefined,
      every: 5,
    });
    await log.begin(entry({ call_id: 'a', operation_status: 'started', policy_decision: 'n/a' }));
    await log.append(entry({ call_id: 'a' }));
    const second = await openAuditLog({ settings: own.settings });
    await second.append(entry({ operation_name: 'other', call_id: 'x' }));
    await second.append(entry({ call_id: 'b' }));
    await following;
    expect(seen).toEqual(['a', 'b']);
    await log.close();
    await second.close();
  });
});

describe('times of the command line', () => {
  const now = Date.parse('2026-11-20T10:00:00Z');
  it.each([
    ['10s', now - 10_000],
    ['5m', now - 300_000],
    ['2h', now - 7_200_000],
    ['1d', now - 86_400_000],
    ['999999999d', 0],
    ['2026-11-19T08:00:00Z', Date.parse('2026-11-19T08:00:00Z')],
    ['2026-11-19T08:00:00+02:00', Date.parse('2026-11-19T06:00:00Z')],
  ])('%s', (text, wanted) => expect(parseTime(text, now)).toBe(wanted));
  it('without a zone is UTC when asked for', () =>
    expect(parseTime('2026-11-19', now, true)).toBe(Date.parse('2026-11-19T00:00:00Z')));
  it.each(['', 'x', '5', '5w', '2026-13-01', '2026-02-30', "1d'; DROP"])('%j is refused', (text) => {
    expect(() => parseTime(text, now)).toThrow(
      expect.objectContaining({ code: 'AUDIT_QUERY_FAILED' }) as Error,
    );
  });
});
