import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../../src/engine/pipeline.js';
import type { ClientChannel } from '../../src/model/call.js';
import type { Outcome } from '../../src/model/outcome.js';
import { openSite, type OpenSite } from '../transport/open-site.js';

const names = [
  'log_flood',
  'odd_logs',
  'progress_flood',
  'events',
  'odd_event',
  'prototypes',
  'secrets',
  'files',
  'forge',
  'after',
  'unread',
] as const;

const tool = (name: string): string => `mxcp: 1
tool:
  name: ${name}
  language: typescript
  annotations: {readOnlyHint: true}
  parameters: [{name: kind, type: string, default: ""}]
  source: {file: ../typescript/abuse.ts}
`;

const files = {
  'mxcp-site.yml': `mxcp: 1
project: abuse
profile: default
secrets: [declared]
profiles:
  default:
    duckdb: {path: ":memory:", external_access: false}
limits: {rate: {global: off, per_user: off, per_client: off}}
`,
  '../.mxcp/config.yml': `mxcp: 1
projects:
  abuse:
    profiles:
      default:
        secrets:
          - {name: declared, type: custom, parameters: {token: given-to-bodies}}
          - {name: undeclared, type: custom, parameters: {token: never-given}}
`,
  ...Object.fromEntries(names.map((name) => [`tools/${name}.yml`, tool(name)])),
  'typescript/abuse.ts': `import fs from 'node:fs';
import type { ToolContext } from 'mxcp';
type Args = { kind: string };
const message = async (work: () => unknown) => {
  try { return { value: await work() }; } catch (error) { return String((error as Error).message); }
};
export function log_flood(_: Args, ctx: ToolContext) {
  for (let i = 0; i < 50_000; i++) ctx.log.info('x'.repeat(100_000), { i });
  return 1;
}
export function odd_logs(_: Args, ctx: ToolContext) {
  const cycle: any = {}; cycle.self = cycle;
  ctx.log.info('cyclic', cycle);
  ctx.log.info('large', 'x'.repeat(10_000_000));
  ctx.log.info('throws', { get a() { throw new Error('getter'); } });
  ctx.log.info('function', () => 1);
  return 1;
}
export function progress_flood(_: Args, ctx: ToolContext) {
  for (let i = 0; i < 50_000; i++) ctx.progress(i, 50_000, 'x'.repeat(100_000));
  return 1;
}
export function events({ kind }: Args, ctx: ToolContext) {
  for (let i = 0; i < Number(kind); i++) ctx.audit.event({ ['key' + i]: 'x'.repeat(1000) });
  return 1;
}
export function odd_event({ kind }: Args, ctx: ToolContext) {
  const cycle: any = {}; cycle.self = cycle;
  const all: any = {
    cyclic: cycle, huge: { a: 'x'.repeat(1_000_000) }, function: { a: () => 1 },
    secret: { target: 'orders', password: 'planted-password', card: '4111111111111111', __proto__: { role: 'admin' } },
  };
  ctx.audit.event(all[kind]);
  return 1;
}
export async function prototypes(_: Args, ctx: any) {
  const process_ = ctx.constructor.constructor('return process')();
  return {
    own: process_.pid === process.pid,
    binding: await message(() => process_.binding('fs')),
    dlopen: await message(() => process_.dlopen({ exports: {} }, '/lib/x86_64-linux-gnu/libc.so.6')),
    frozen: await message(() => { 'use strict'; ctx.db.query = 1; }),
    role: (() => { ctx.user.role = 'admin'; return ctx.user.role; })(),
  };
}
export async function secrets({ kind }: Args, ctx: ToolContext) {
  return message(() => ctx.secrets.get(kind));
}
export async function files({ kind }: Args, ctx: ToolContext) {
  return message(() => ctx.db.query(kind));
}
const frame = (value: unknown) => {
  const text = Buffer.from(JSON.stringify(value));
  const head = Buffer.alloc(4);
  head.writeUInt32BE(text.length);
  return Buffer.concat([head, text]);
};
let call = 0;
let kept: ToolContext;
/** Speaks the protocol itself, for calls that are not its own. */
export async function forge({ kind }: Args, ctx: ToolContext) {
  kept = ctx;
  const guesses = Array.from({ length: 50 }, (_, i) => i + 1);
  for (const each of guesses) {
    if (kind === 'done') continue;
    fs.writeSync(3, frame({ type: 'ask', call: each, ask: 900 + each, operation: 'secret', input: { name: 'undeclared' } }));
    fs.writeSync(3, frame({ type: 'tell', call: 1000 + each, operation: 'event', input: { event: { forged: true } } }));
  }
  call += 1;
  return (await ctx.db.query<{ n: number }>('SELECT 7 AS n'))[0]?.n;
}
export async function after(_: Args) {
  const used: unknown[] = [];
  if (kept === undefined) return 'first';
  for (const work of [() => kept.db.query('SELECT 1'), () => kept.endpoints.call('secrets', {}), () => kept.secrets.get('declared'), () => kept.elicit('a', {}, 'b')]) {
    used.push(await message(work));
  }
  kept.log.info('after the end');
  kept.progress(1);
  kept.audit.event({ late: true });
  return used;
}
/** Asks for much and reads nothing of it. */
export async function unread(_: Args, ctx: ToolContext) {
  for (let i = 0; i < 500; i++) void ctx.db.query("SELECT repeat('x', 9000000) AS x").catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 5));
  for (;;);
}
`,
};

let site: OpenSite;

beforeAll(async () => {
  site = await openSite(files);
});

afterAll(() => site.close());

function run(name: (typeof names)[number], kind = '', client?: ClientChannel, ms = 20_000): Promise<Outcome> {
  const context = { transport: 'http', id: 'r', time: Date.now() * 1000, headers: {} } as const;
  const caller = site.runtime.callerOf('http');
  return call(site.runtime, {
    kind: 'tool',
    name,
    arguments: { kind },
    caller,
    context,
    signal: AbortSignal.timeout(ms),
    ...(client && { client }),
  });
}

function value(outcome: Outcome): unknown {
  if (outcome.status !== 'success') return `${outcome.error.code}: ${outcome.error.message}`;
  return outcome.released.form === 'value' ? outcome.released.value : outcome.released.form;
}

const businessOf = ({ callId }: Outcome): unknown =>
  site.records().findLast((record) => record['call_id'] === callId)?.['business_context'];

describe('what a body tells is bounded', () => {
  it('log lines: a thousand of 8 KB each, to the client and to the log', async () => {
    const heard: unknown[] = [];
    const before = site.logger.lines.length;
    expect(value(await run('log_flood', '', { log: (_, data) => heard.push(data) }))).toBe(1);
    expect(heard).toHaveLength(1000);
    expect(JSON.stringify(heard[0]).length).toBeLessThan(9000);
    expect(site.logger.lines.length - before).toBeLessThan(1100);
    expect(site.logger.lines.every((line) => line.length < 10_000)).toBe(true);
  });

  it('progress: a thousand messages', async () => {
    const heard: unknown[][] = [];
    expect(value(await run('progress_flood', '', { progress: (...all) => heard.push(all) }))).toBe(1);
    expect(heard).toHaveLength(1000);
    expect(String(heard[0]?.[2]).length).toBeLessThan(9000);
  });

  it('a log line never fails a call, whatever its data', async () => {
    const heard: unknown[] = [];
    expect(value(await run('odd_logs', '', { log: (_, data) => heard.push(data) }))).toBe(1);
    expect(heard).toEqual([
      { message: 'cyclic', data: '(not logged: data: data.data.self contains itself)' },
      { message: 'large', data: '(not logged: data: more than 65536 bytes or 500000 values)' },
      { message: 'throws', data: '(not logged: it throws when it is read)' },
      { message: 'function', data: '(not logged: data: data.data is a function)' },
    ]);
  });

  it('events for the record: a hundred, and a call that tells more fails', async () => {
    expect(value(await run('events', '100'))).toBe(1);
    expect(value(await run('events', '101'))).toMatch(/^EXECUTE_BODY_FAILED: .*ctx\.audit/);
    expect(value(await run('events', '20000'))).toMatch(/^EXECUTE_BODY_FAILED/);
  });

  it.each(['cyclic', 'huge', 'function'])('an event that is %s is the mistake of the body', async (kind) => {
    expect(value(await run('odd_event', kind))).toBe('EXECUTE_BODY_FAILED: The body threw TypeError');
  });

  it('an event is redacted like everything on record', async () => {
    const outcome = await run('odd_event', 'secret');
    const business = JSON.stringify(businessOf(outcome));
    expect(business).toContain('orders');
    expect(business).not.toContain('planted-password');
    expect(business).not.toContain('4111111111111111');
    expect(business).not.toContain('admin');
  });

  it('answers that it does not read fill no memory of the server', async () => {
    const before = process.memoryUsage().rss;
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
    const outcome = await run('unread', '', undefined, 25_000);
    clearInterval(watch);
    expect(value(outcome)).toMatch(/^EXECUTE_WORKER_LOST: .*did not read what it asked for/);
    expect(most - before).toBeLessThan(1_200_000_000);
    expect(value(await run('events', '1'))).toBe(1);
  });
});

describe('a body has what ctx gives, and no more', () => {
  it('reaches its own process only, and changes copies', async () => {
    const found = value(await run('prototypes')) as Record<string, unknown>;
    expect(found).toMatchObject({ own: true, role: 'admin' });
    expect(found['dlopen']).toMatch(/not allowed|disabled|restricted/i);
    expect(found['frozen']).toMatch(/read only/);
    expect((value(await run('prototypes')) as { own: boolean }).own).toBe(true);
    expect(site.runtime.callerOf('http').role).toBe('anonymous');
  });

  it.each(['undeclared', '__proto__', 'constructor', ''])('no secret of the name "%s"', async (name) => {
    expect(value(await run('secrets', name))).toMatch(/^The site declares no secret of this name/);
    expect(JSON.stringify(value(await run('secrets', 'declared')))).toContain('given-to-bodies');
  });

  it.each([
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "FROM '/etc/passwd'",
    "SELECT * FROM glob('/etc/*')",
    "SELECT getenv('HOME')",
  ])('ctx.db obeys external_access: %s', async (sql) => {
    const found = value(await run('files', sql));
    expect(found).toBeTypeOf('string');
    expect(found).not.toContain('root:');
  });

  it('asks that name other calls are nobody’s, and a forged answer is not given', async () => {
    const beside = Promise.all(Array.from({ length: 4 }, () => run('secrets', 'declared')));
    const outcome = await run('forge');
    expect(value(outcome)).toBe(7);
    for (const each of await beside) expect(JSON.stringify(value(each))).toContain('given-to-bodies');
    expect(JSON.stringify(site.records())).not.toContain('forged');
  });

  it('has no use of the ctx of an earlier call', async () => {
    const all = await Promise.all(Array.from({ length: 12 }, () => run('forge', 'done')));
    expect(all.map(value)).toEqual(all.map(() => 7));
    const used = await Promise.all(Array.from({ length: 12 }, () => run('after')));
    const ended = 'The call has ended; its ctx cannot be used any more';
    const seen = used.map(value).filter((each) => each !== 'first');
    expect(seen.length).toBeGreaterThan(0);
    for (const each of seen) expect(each).toEqual(Array.from({ length: 4 }, () => ended));
    expect(JSON.stringify(used.map(businessOf))).not.toContain('late');
  });
});
