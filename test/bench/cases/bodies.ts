import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { call } from '../../../src/engine/pipeline.js';
import type { Runtime } from '../../../src/engine/runtime.js';
import { inTurn, micros, millis, perSecond, throughput, timed, type Row } from '../measure.js';
import { openBenchSite, wish } from '../open-bench-site.js';

const siteFile =
  'mxcp: 1\nproject: bench\nprofile: default\nprofiles: {default: {duckdb: {path: ":memory:"}}}\n';

const head = (name: string): string =>
  `mxcp: 1\ntool:\n  name: ${name}\n  annotations: {readOnlyHint: true}\n  parameters: [{name: n, type: integer}]\n`;

const files = {
  'mxcp-site.yml': siteFile,
  'tools/sql.yml': `${head('sql')}  source: {code: SELECT $n AS n}\n`,
  'tools/once.yml': `${head('once')}  source: {file: ../typescript/bodies.ts}\n`,
  'tools/query.yml': `${head('query')}  source: {file: ../typescript/bodies.ts}\n`,
  'typescript/bodies.ts': `export const once = ({ n }: any) => [{ n }];
export const query = ({ n }: any, ctx: any) => ctx.db.query('SELECT $n AS n', { n });
`,
};

const many = 100;

const coldFiles = {
  'mxcp-site.yml': siteFile,
  ...Object.fromEntries(
    Array.from({ length: many }, (_, i) => [
      `tools/t${i}.yml`,
      `mxcp: 1\ntool: {name: t${i}, source: {file: ../typescript/t${i}.ts}}\n`,
    ]),
  ),
  ...Object.fromEntries(
    Array.from({ length: many }, (_, i) => [`typescript/t${i}.ts`, `export const t${i} = () => ${i};\n`]),
  ),
};

/** One call that succeeds: a refusal is fast, too. */
async function succeed(runtime: Runtime, name: string, n: number): Promise<void> {
  const outcome = await call(runtime, wish(runtime, name, { n }));
  if (outcome.status !== 'success') throw outcome.error;
}

async function roundTrip(runtime: Runtime): Promise<number> {
  let us = Infinity;
  for (let round = 0; round < 4; round++) {
    const start = performance.now();
    for (let i = 0; i < 500; i++) await succeed(runtime, 'once', i);
    us = Math.min(us, ((performance.now() - start) * 1000) / 500);
  }
  return us;
}

const people = 50;

/** Calls of many people in turn, more than there are workers for: each new worker is started ahead or waited for. */
async function inTurns(runtime: Runtime, gapMs: number): Promise<number> {
  const waits: number[] = [];
  for (let i = 0; i < people; i++) {
    const caller = runtime.callerOf('http', { userId: `person-${i}`, claims: {} });
    const start = performance.now();
    const outcome = await call(runtime, { ...wish(runtime, 'once', { n: i }), caller });
    if (outcome.status !== 'success') throw outcome.error;
    waits.push(performance.now() - start);
    await delay(gapMs);
  }
  return waits.sort((a, b) => a - b)[people / 2] ?? 0;
}

/** TypeScript bodies against the SQL tool that gives the same, a round trip, and what opening a site with many costs. */
export async function bodyCases(ms: number): Promise<Row[]> {
  const runtime = await openBenchSite(files);
  const rows: Row[] = [];
  for (const name of ['once', 'query']) {
    const { ours, floor } = await inTurn(
      3,
      () => throughput(8, ms, () => succeed(runtime, name, 1)),
      () => throughput(8, ms, () => succeed(runtime, 'sql', 1)),
    );
    rows.push({
      case: name === 'once' ? 'TypeScript body that returns at once' : 'TypeScript body with one query',
      ours: perSecond(ours),
      floor: perSecond(floor),
      ratio: ours / floor,
      target: '≥ 0.6 of the SQL tool',
    });
  }
  rows.push({
    case: 'call of a TypeScript body, one after the other',
    ours: micros(await roundTrip(runtime)),
    floor: '',
    ratio: undefined,
    target: '',
  });
  for (const gapMs of [0, 200]) {
    rows.push({
      case: `the same by ${people} people in turn, ${gapMs} ms between two calls (median)`,
      ours: millis(await inTurns(runtime, gapMs)),
      floor: '',
      ratio: undefined,
      target: '',
    });
  }
  await runtime.close();
  const opened: Runtime[] = [];
  const cold = await timed(async () => opened.push(await openBenchSite(coldFiles)));
  await Promise.all(opened.map((each) => each.close()));
  rows.push({
    case: `opening a site with ${many} bodies`,
    ours: millis(cold),
    floor: '',
    ratio: undefined,
    target: '',
  });
  return rows;
}
