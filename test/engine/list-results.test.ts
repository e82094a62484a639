import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../../src/engine/pipeline.js';
import type { CallRequest } from '../../src/model/call.js';
import type { Json } from '../../src/model/json.js';
import type { Outcome } from '../../src/model/outcome.js';
import { openSite, type OpenSite } from '../transport/open-site.js';

/** Index of the row in which something happens: the lots before it are with the server already. */
const late = 5000;

const tool = (name: string, more = ''): string => `mxcp: 1
tool:
  name: ${name}
  language: typescript
  source: {file: ../typescript/lists.ts}
${more}`;

const parameter = '  parameters: [{name: how, type: string}]\n';
const roomy = '  limits: {max_rows: 100000000, max_scan_rows: 100000000}\n';

const files = (isolation: string): Record<string, string> => ({
  'mxcp-site.yml': `mxcp: 1
project: lists
profile: default
profiles: {default: {duckdb: {path: ":memory:", init: "CREATE TABLE notes (id INTEGER)"}}}
bodies: {isolation: ${isolation}, memory: 1GiB}
`,
  'tools/breaks.yml': tool('breaks', `${parameter}${roomy}`),
  'tools/endless.yml': tool('endless', roomy),
  'tools/late.yml': tool(
    'late',
    `  limits: {max_scan_rows: 100000000, timeout: 1s}
  policies: {output: [{id: none, condition: 'true', action: keep_rows, where: 'row.i < 0'}]}
`,
  ),
  'tools/counted.yml': tool('counted', '  limits: {max_rows: 10}\n'),
  'tools/cut.yml': tool('cut', '  limits: {max_rows: 10, on_limit: truncate}\n'),
  'tools/well.yml': tool('well'),
  'tools/iterable.yml': tool('iterable', parameter),
  'tools/write.yml': tool('write', '  limits: {max_rows: 10}\n'),
  'tools/forgets.yml': tool('forgets', parameter),
  'tools/blocks.yml': tool('blocks', `${parameter}  limits: {max_bytes: 4096, on_limit: truncate}\n`),
  'tools/whole.yml': tool('whole', parameter),
  'tools/outer.yml': tool('outer', '  parameters: [{name: inner, type: string}]\n'),
  'tools/few.yml': tool(
    'few',
    `  limits: {max_rows: 10, max_bytes: 4096}
  policies: {output: [{id: own, condition: 'true', action: keep_rows, where: 'row.i >= 11990'}]}
`,
  ),
  'tools/count.yml':
    'mxcp: 1\ntool: {name: count, return: {type: integer}, source: {code: SELECT count(*) FROM notes}}\n',
  'resources/all.yml':
    'mxcp: 1\nresource: {uri: "list://all", name: all, source: {file: ../typescript/lists.ts}}\n',
  'prompts/talk.yml': `mxcp: 1
prompt: {name: talk, language: typescript, source: {file: ../typescript/lists.ts}, limits: {max_rows: 5000, on_limit: truncate},
  parameters: [{name: messages, type: string}]}
`,
  'typescript/lists.ts': `import type { ToolContext } from 'mxcp';

const late = ${late};

const list = (length: number) => Array.from({ length }, (_, i) => ({ i }));

function withRow(row: object): object[] {
  const rows: object[] = list(12_000);
  rows[late] = row;
  return rows;
}

class Endless extends Array {
  at5000 = () => {};
  *[Symbol.iterator]() {
    for (let i = 0; ; i++) {
      if (i === late) this.at5000();
      yield { i };
    }
  }
}

const cyclic: Record<string, unknown> = {};
cyclic['self'] = cyclic;

export function breaks({ how }: { how: string }) {
  if (how === 'getter') return withRow({ get i(): number { throw new Error('a secret of a row'); } });
  if (how === 'cycle') return withRow(cyclic);
  if (how === 'function') return withRow({ i: () => 1 });
  return withRow({ get i() { return process.exit(3); } });
}

export function endless(_args: unknown, ctx: ToolContext) {
  const rows = new Endless();
  rows.at5000 = () => ctx.log.info('row 5000');
  return rows;
}

export { endless as late };

export const counted = (_args: unknown, ctx: ToolContext) =>
  Array.from({ length: 100_000 }, (_, i) => ({
    get i() {
      if (i % 1000 === 0) ctx.log.info('a thousand more');
      return i;
    },
  }));
export const cut = counted;
export const well = () => [1];

export const iterable = ({ how }: { how: string }) =>
  how === 'set' ? new Set(Array.from({ length: 9000 }, (_, i) => i)) : Float64Array.from({ length: 9000 }, (_, i) => i);

export async function write(_args: unknown, ctx: ToolContext) {
  await ctx.db.execute('INSERT INTO notes VALUES (1)');
  return list(9000);
}

export function forgets({ how }: { how: string }, ctx: ToolContext) {
  const row = { toJSON: () => void ctx.db.execute('INSERT INTO notes VALUES (2)').catch(() => undefined) };
  return how === 'list' ? [row] : { row };
}

export const outer = ({ inner }: { inner: string }, ctx: ToolContext) => ctx.endpoints.call(inner);
export const whole = ({ how }: { how: string }) => ({ all: new Array(Number(how)).fill(true) });
export const blocks = ({ how }: { how: string }, ctx: ToolContext) => Array.from({ length: Number(how) }, () => ctx.content.text('x'.repeat(1000)));
export const few = () => list(12_000).map(({ i }) => ({ i, text: 'x'.repeat(100) }));
export const all = () => list(9000);
export const talk = ({ messages }: { messages: string }) => list(Number(messages)).map(({ i }) => ({ role: 'user', content: String(i) }));
`,
});

describe.each(['process', 'thread'])('a list from a worker that is a %s', (isolation) => {
  let site: OpenSite;

  beforeAll(async () => {
    site = await openSite(files(isolation));
  });

  afterAll(() => site.close());

  function run(name: string, args: object = {}, more: Partial<CallRequest> = {}): Promise<Outcome> {
    const context = { transport: 'http', id: 'r', time: Date.now() * 1000, headers: {} } as const;
    const caller = site.runtime.callerOf('http');
    return call(site.runtime, { kind: 'tool', name, arguments: args, caller, context, ...more });
  }

  async function value(name: string, args: object = {}, more: Partial<CallRequest> = {}): Promise<Json> {
    const outcome = await run(name, args, more);
    if (outcome.status !== 'success') return outcome.error.code;
    const { released } = outcome;
    if (released.form === 'messages') return released.messages.map(({ text }) => text);
    return released.form === 'value' ? released.value : released.form;
  }

  const numbers = (length: number): number[] => Array.from({ length }, (_, i) => i);

  it.each([
    ['getter', 'EXECUTE_BODY_FAILED'],
    ['cycle', 'EXECUTE_INVALID_RESULT'],
    ['function', 'EXECUTE_INVALID_RESULT'],
    ['exit', 'EXECUTE_WORKER_LOST'],
  ])('that breaks in a late row (%s) releases nothing, and the record says so', async (how, code) => {
    const outcome = await run('breaks', { how });
    expect(outcome).toMatchObject({ status: 'error', error: { code } });
    expect(JSON.stringify(outcome)).not.toContain('secret of a row');
    const record = site.records().findLast((each) => each['call_id'] === outcome.callId);
    expect(record).toMatchObject({ operation_status: 'error', error_code: code });
    expect(record?.['output_rows'] ?? null).toBe(null);
    expect(await value('well')).toEqual([1]);
  });

  it('ends between two lots when the call is cancelled', async () => {
    const controller = new AbortController();
    const log = (): void => controller.abort();
    const outcome = await run('endless', {}, { signal: controller.signal, client: { log } });
    expect(outcome).toMatchObject({ error: { code: 'CALL_CANCELLED' } });
    expect(await value('well')).toEqual([1]);
  });

  it('ends at the deadline, also when it has no end', async () => {
    expect(await value('late')).toBe('EXECUTE_TIMEOUT');
  });

  it.each([
    ['counted', 'EXECUTE_LIMIT_EXCEEDED'],
    ['cut', numbers(10).map((i) => ({ i }))],
  ])('is not made any further than to its limit: %s', async (name, expected) => {
    const thousands: unknown[] = [];
    const log = (): void => void thousands.push(1);
    expect(await value(name, {}, { client: { log } })).toEqual(expected);
    expect(thousands.length).toBe(3);
  });

  it.each(['set', 'numbers'])('may be any list: %s', async (how) => {
    expect(await value('iterable', { how })).toEqual(numbers(9000));
  });

  it('that passes a limit rolls back what its body wrote', async () => {
    expect(await value('write')).toBe('EXECUTE_LIMIT_EXCEEDED');
    expect(await value('count')).toBe(0);
  });

  it.each(['list', 'object'])('whose items write while they are made leaves nothing: %s', async (how) => {
    expect(await value('forgets', { how })).toBe('EXECUTE_BODY_FAILED');
    expect(await value('count')).toBe(0);
  });

  it('of a call inside of a call is held to the rules and limits of the inner one', async () => {
    const kept = (await value('few')) as { i: number }[];
    expect(kept.map(({ i }) => i)).toEqual(numbers(10).map((i) => i + 11_990));
    expect(await value('outer', { inner: 'few' })).toEqual(kept);
    expect(await value('outer', { inner: 'counted' })).toBe('EXECUTE_FAILED');
  });

  it('of blocks is held to max_bytes as a whole, and never cut', async () => {
    expect(await value('blocks', { how: '3' })).toBe('content');
    expect(await value('blocks', { how: '4' })).toBe('EXECUTE_LIMIT_EXCEEDED');
  });

  it('inside of a value that does not go in lots has no more items than the server reads at once', async () => {
    expect(await value('whole', { how: '499000' })).toMatchObject({ all: { length: 499_000 } });
    expect(await value('whole', { how: '500000' })).toBe('EXECUTE_LIMIT_EXCEEDED');
  });

  it('is the text of a resource', async () => {
    const read = { kind: 'resource' } as const;
    expect(await value('list://all', {}, read)).toEqual(numbers(9000).map((i) => ({ i })));
  });

  it('is the messages of a prompt, of which none is ever cut off', async () => {
    const get = { kind: 'prompt' } as const;
    expect(await value('talk', { messages: '5000' }, get)).toEqual(numbers(5000).map(String));
    expect(await value('talk', { messages: '5001' }, get)).toBe('EXECUTE_LIMIT_EXCEEDED');
  });
});
