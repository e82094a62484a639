import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../../src/engine/pipeline.js';
import type { Json } from '../../src/model/json.js';
import type { Outcome } from '../../src/model/outcome.js';
import { openSite, type OpenSite } from '../transport/open-site.js';

const chain = (depth: number): string => `mxcp: 1
tool:
  name: chain${depth}
  language: typescript
  parameters: [{name: left, type: integer, default: 0}]
  source: {file: ../typescript/bodies.ts}
`;

const files = {
  'mxcp-site.yml': `mxcp: 1
project: nested
profile: default
profiles:
  default:
    duckdb: {path: ":memory:", pool: 1, init: "CREATE TABLE t AS SELECT 7 AS i; CREATE TABLE notes (text VARCHAR)"}
`,
  ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((depth) => [`tools/chain${depth}.yml`, chain(depth)])),
  'tools/seven.yml':
    'mxcp: 1\ntool: {name: seven, return: {type: integer}, source: {code: SELECT i FROM t}}\n',
  'tools/many.yml':
    'mxcp: 1\ntool: {name: many, source: {file: ../typescript/bodies.ts}, parameters: [{name: n, type: integer}]}\n',
  'tools/slow.yml': `mxcp: 1
tool: {name: slow, source: {file: ../typescript/bodies.ts}, limits: {timeout: 300ms}}
`,
  'tools/waits.yml': 'mxcp: 1\ntool: {name: waits, source: {file: ../typescript/bodies.ts}}\n',
  'tools/write_denied.yml': `mxcp: 1
tool:
  name: write_denied
  source: {code: "INSERT INTO notes VALUES ('denied'); SELECT 1 AS one"}
  policies: {output: [{id: never, condition: "true", action: deny}]}
`,
  'tools/notes.yml':
    'mxcp: 1\ntool: {name: notes, return: {type: integer}, source: {code: SELECT count(*) FROM notes}}\n',
  'tools/careless.yml': `mxcp: 1
tool: {name: careless, source: {file: ../typescript/bodies.ts}, parameters: [{name: inner, type: string}, {name: n, type: integer, default: 1}]}
`,
  'tools/lasts.yml': 'mxcp: 1\ntool: {name: lasts, source: {file: ../typescript/bodies.ts}}\n',
  'tools/running.yml': 'mxcp: 1\ntool: {name: running, source: {file: ../typescript/bodies.ts}}\n',
  'typescript/bodies.ts': `import type { ToolContext } from 'mxcp';
const link = (next: number) => async (_: unknown, ctx: ToolContext) => {
  await ctx.db.query('SELECT 1');
  return next > 6 ? ctx.endpoints.call('seven') : ctx.endpoints.call('chain' + next);
};
export const chain1 = link(2);
export const chain2 = link(3);
export const chain3 = link(4);
export const chain4 = link(7);
export const chain5 = link(6);
export const chain6 = link(1);
export async function many({ n }: { n: number }, ctx: ToolContext) {
  const all = await Promise.all(Array.from({ length: n }, () => ctx.endpoints.call('seven')));
  return all.length;
}
export const slow = async (_: unknown, ctx: ToolContext) => {
  await ctx.db.query('SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b');
};
export async function careless({ inner, n }: { inner: string; n: number }, ctx: ToolContext) {
  for (let i = 0; i < n; i++) void ctx.endpoints.call(inner).catch(() => undefined);
  return 1;
}
let lasting = 0;
export async function lasts() {
  lasting += 1;
  await new Promise((resolve) => setTimeout(resolve, 100));
  lasting -= 1;
  return lasting;
}
export const running = () => lasting;
export const waits = (_: unknown, ctx: ToolContext) => ctx.endpoints.call('slow');
`,
};

let site: OpenSite;

beforeAll(async () => {
  site = await openSite(files);
});

afterAll(() => site.close());

function run(name: string, args: object = {}, signal?: AbortSignal): Promise<Outcome> {
  const context = { transport: 'http', id: 'r', time: Date.now() * 1000, headers: {} } as const;
  const caller = site.runtime.callerOf('http');
  return call(site.runtime, {
    kind: 'tool',
    name,
    arguments: args,
    caller,
    context,
    ...(signal && { signal }),
  });
}

const valueOf = (outcome: Outcome): Json =>
  outcome.status === 'success' && outcome.released.form === 'value' ? outcome.released.value : outcome.status;

describe('calls from inside of bodies', () => {
  it('never wait for the workers and connections that the calls above hold, with all of them taken', async () => {
    const all = await Promise.all(Array.from({ length: 24 }, () => run('chain1')));
    expect(all.map(valueOf)).toEqual(Array.from({ length: 24 }, () => 7));
  });

  it('nest five deep and not deeper', async () => {
    const deep = await run('chain6'); // six bodies and seven would follow
    expect(deep).toMatchObject({ status: 'error', error: { code: 'EXECUTE_FAILED' } });
  });

  it('are at most a hundred', async () => {
    expect(valueOf(await run('many', { n: 100 }))).toBe(100);
    expect(await run('many', { n: 101 })).toMatchObject({
      status: 'error',
      error: { code: 'EXECUTE_FAILED' },
    });
  });

  it('have a deadline of their own, which reaches their queries', async () => {
    const started = performance.now();
    expect(await run('waits')).toMatchObject({ status: 'error', error: { code: 'EXECUTE_FAILED' } });
    expect(performance.now() - started).toBeLessThan(1500);
    expect(valueOf(await run('seven'))).toBe(7);
  });

  it('end with the call that made them', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    expect(await run('slow', {}, controller.signal)).toMatchObject({ error: { code: 'CALL_CANCELLED' } });
    expect(valueOf(await run('seven'))).toBe(7);
  });

  it('that a body does not wait for share its fate: a denial inside rolls back what was written', async () => {
    const outcome = await run('careless', { inner: 'write_denied' });
    expect(outcome).toMatchObject({ status: 'error', error: { code: 'EXECUTE_FAILED' } });
    expect(valueOf(await run('notes'))).toBe(0);
  });

  it('that a body does not wait for end before its worker serves anybody else', async () => {
    const calls = Array.from({ length: 12 }, async () => {
      await run('careless', { inner: 'lasts' });
      return valueOf(await run('running'));
    });
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 12 }, () => 0));
  });

  it('leave no more than a hundred records, also of names that do not exist', async () => {
    const { callId } = await run('careless', { inner: 'nothing', n: 2000 });
    const inside = site.records().filter((record) => record['parent_call_id'] === callId);
    expect(inside).toHaveLength(100);
  });
});
