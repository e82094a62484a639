import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../../src/engine/pipeline.js';
import type { CallRequest, ClientChannel } from '../../src/model/call.js';
import type { Json } from '../../src/model/json.js';
import type { Outcome } from '../../src/model/outcome.js';
import { openSite, type OpenSite } from '../transport/open-site.js';

const tool = (name: string, more = ''): string => `mxcp: 1
tool:
  name: ${name}
  language: typescript
  source: {file: ../typescript/bodies.ts}
${more}`;

const files = {
  'mxcp-site.yml': `mxcp: 1
project: bodies
profile: default
profiles:
  default:
    duckdb: {path: ":memory:", init: "CREATE TABLE notes (id INTEGER PRIMARY KEY, text VARCHAR)"}
`,
  'tools/hello.yml': tool('hello', '  parameters: [{name: who, type: string}]\n  return: {type: object}\n'),
  'tools/read.yml': tool('read', '  annotations: {readOnlyHint: true}\n  return: {type: array}\n'),
  'tools/write.yml': tool(
    'write',
    '  parameters: [{name: id, type: integer}, {name: fail, type: boolean, default: false}]\n',
  ),
  'tools/sneak.yml': tool(
    'sneak',
    '  annotations: {readOnlyHint: true}\n  parameters: [{name: sql, type: string}]\n',
  ),
  'tools/outer.yml': tool(
    'outer',
    '  parameters: [{name: inner, type: string}, {name: args, type: object, default: {}}]\n',
  ),
  'tools/again.yml': tool('again'),
  'tools/fails.yml': tool('fails', '  parameters: [{name: how, type: string}]\n'),
  'tools/refused.yml': tool('refused', '  parameters: [{name: how, type: string}]\n'),
  'tools/forgets.yml': tool('forgets', '  parameters: [{name: how, type: string}]\n'),
  'tools/masked.yml': tool(
    'masked',
    `  parameters: [{name: how, type: string, default: value}]
  policies: {output: [{id: hide, condition: "user.role != 'hr'", action: mask_fields, fields: [pay]}]}
`,
  ),
  'tools/says.yml': tool('says', '  parameters: [{name: pay, type: integer}]\n'),
  'tools/inline.yml': `mxcp: 1
tool:
  name: inline
  language: typescript
  return: {type: integer}
  source:
    code: |
      export default function (): number {
        return 41 + 1;
      }
`,
  'tools/count.yml': `mxcp: 1
tool: {name: count, annotations: {readOnlyHint: true}, return: {type: integer}, source: {code: SELECT count(*) FROM notes}}
`,
  'tools/guarded.yml': `mxcp: 1
tool:
  name: guarded
  source: {code: SELECT 1 AS one}
  policies: {input: [{id: nobody, condition: "user.role != 'hr'", action: deny, reason: HR only}]}
`,
  'typescript/bodies.ts': `import { content, ToolError, type ToolContext } from 'mxcp';

export const hello = (args: { who: string }, ctx: ToolContext) =>
  ({ hello: args.who, role: ctx.user.role, transport: ctx.request.transport });

export const read = (_args: unknown, ctx: ToolContext) => ctx.db.query('SELECT range AS i FROM range($n)', { n: 3 });

export async function write(args: { id: number; fail: boolean }, ctx: ToolContext) {
  await ctx.db.execute('INSERT INTO notes VALUES (?, ?)', [args.id, 'x']);
  if (args.fail) throw new Error('after the write');
  ctx.audit.event({ target: 'notes', operation: 'insert' });
  return (await ctx.db.queryOne<{ n: number }>('SELECT count(*) AS n FROM notes'))?.n;
}

export async function forgets({ how }: { how: string }, ctx: ToolContext) {
  if (how === 'write') void ctx.db.execute("INSERT INTO notes VALUES (70, 'x')");
  if (how === 'failing write') void ctx.db.execute('INSERT INTO nowhere VALUES (1)');
  if (how === 'result') return { rows: ctx.db.query('SELECT 1') };
  return 'done';
}

export async function refused({ how }: { how: string }, ctx: ToolContext) {
  await ctx.db.query('SELECT 1');
  if (how === 'sql') await ctx.db.query('SELECT nowhere'); // refused: sql
  if (how === 'all') await Promise.all([ctx.db.queryOne('SELECT nowhere')]); // refused: all
  if (how === 'secret') await ctx.secrets.get('nope'); // refused: secret
  if (how === 'call') await ctx.endpoints.call('guarded', {}); // refused: call
  if (how === 'ask') await ctx.elicit('a', {}, 'b'); // refused: ask
}

export const sneak = (args: { sql: string }, ctx: ToolContext) => ctx.db.query(args.sql);

export async function outer(args: { inner: string; args: object }, ctx: ToolContext) {
  try {
    return await ctx.endpoints.call(args.inner, args.args);
  } catch (error) {
    return { caught: (error as { code: string }).code };
  }
}

export const again = (_args: unknown, ctx: ToolContext) => ctx.endpoints.call('outer', { inner: 'again' });

export async function fails(args: { how: string }) {
  if (args.how === 'tool') throw new ToolError('Ask for less');
  if (args.how === 'error') throw new TypeError('secret detail');
  if (args.how === 'string') throw 'text';
  if (args.how === 'null') throw null;
  return undefined;
}

export function says({ pay }: { pay: number }, ctx: ToolContext) {
  ctx.progress(1, 2, 'pay is ' + pay);
  ctx.log.info('pay is ' + pay);
}

export async function masked(args: { how: string }, ctx: ToolContext) {
  ctx.progress(1, 2, 'pay is 1000');
  ctx.log.info('pay is 1000');
  if (args.how === 'inside') await ctx.endpoints.call('outer', { inner: 'says', args: { pay: 1000 } });
  if (args.how === 'tool') throw new ToolError('pay is 1000');
  if (args.how === 'content') return ctx.content.text('pay is 1000');
  if (args.how === 'blocks') return [content.text('a'), content.image(new Uint8Array([1, 2]), 'image/png')];
  return [{ name: 'a', pay: 1000 }];
}
`,
};

let site: OpenSite;

beforeAll(async () => {
  site = await openSite(files);
});

afterAll(() => site.close());

function wish(name: string, args: object = {}, more: Partial<CallRequest> = {}): CallRequest {
  const context = { transport: 'http', id: 'r', time: Date.now() * 1000, headers: {} } as const;
  return { kind: 'tool', name, arguments: args, caller: site.runtime.callerOf('http'), context, ...more };
}

const run = (name: string, args: object = {}, more: Partial<CallRequest> = {}): Promise<Outcome> =>
  call(site.runtime, wish(name, args, more));

async function value(
  name: string,
  args: object = {},
  more: Partial<CallRequest> = {},
): Promise<Json | string> {
  const outcome = await run(name, args, more);
  if (outcome.status !== 'success') return `${outcome.error.code}: ${outcome.error.message}`;
  return outcome.released.form === 'value' ? outcome.released.value : outcome.released.form;
}

const records = (outcome: Outcome): Record<string, unknown>[] =>
  site.records().filter((record) => record['call_id'] === outcome.callId);

describe('a TypeScript body', () => {
  it('gets arguments and context, and its value is the result', async () => {
    expect(await value('hello', { who: 'you' })).toEqual({
      hello: 'you',
      role: 'anonymous',
      transport: 'http',
    });
    expect(await value('inline')).toBe(42);
    expect(await value('read')).toEqual([{ i: 0 }, { i: 1 }, { i: 2 }]);
  });

  it('has its intent on record before it runs, and what it told for the record', async () => {
    const outcome = await run('write', { id: 1 });
    expect(records(outcome).map((record) => record['operation_status'])).toEqual(['started', 'success']);
    expect(records(outcome)[1]).toMatchObject({ business_context: { target: 'notes', operation: 'insert' } });
  });

  it('writes in a transaction that a failure rolls back', async () => {
    const before = await value('count');
    expect(await value('write', { id: 10, fail: true })).toMatch(
      /^EXECUTE_BODY_FAILED: The body threw Error$/,
    );
    expect(await value('count')).toBe(before);
  });

  it.each([
    "INSERT INTO notes VALUES (99, 'x')",
    "WITH a AS (SELECT 1) INSERT INTO notes SELECT 99, 'x'",
    'CREATE TABLE other (i INTEGER)',
    'BEGIN; COMMIT',
    'COMMIT',
    "ATTACH ':memory:' AS other",
    "COPY notes TO '/tmp/never.csv'",
    'SET GLOBAL threads = 1',
    'CREATE TEMP TABLE t AS SELECT 1',
    'PRAGMA enable_profiling',
  ])('may only read where the endpoint says so: %s', async (sql) => {
    expect(await value('sneak', { sql })).toMatch(/^EXECUTE_FAILED: /);
    expect(await value('count')).toBe(1);
  });

  it('tells the caller the message of a ToolError, of any other error nothing, and the log all of it', async () => {
    expect(await value('fails', { how: 'tool' })).toBe('EXECUTE_TOOL_ERROR: Ask for less');
    expect(await value('fails', { how: 'error' })).toBe('EXECUTE_BODY_FAILED: The body threw TypeError');
    const line =
      files['typescript/bodies.ts'].split('\n').findIndex((text) => text.includes('secret detail')) + 1;
    const logged = site.logger.lines.find((text) => text.includes('secret detail'));
    expect(logged).toContain(`typescript/bodies.ts:${line}:`);
    expect(await value('fails', { how: 'string' })).toMatch(/^EXECUTE_BODY_FAILED/);
    expect(await value('fails', { how: 'null' })).toMatch(/^EXECUTE_BODY_FAILED/);
    expect(await value('fails', { how: 'nothing' })).toBe(null);
  });
});

describe('what ctx refuses a body', () => {
  const lineOf = (mark: string): number =>
    files['typescript/bodies.ts'].split('\n').findIndex((text) => text.endsWith(`// refused: ${mark}`)) + 1;

  it.each(['sql', 'all', 'secret', 'call'])('is in the log with the line that asked: %s', async (how) => {
    const outcome = await run('refused', { how });
    expect(outcome).toMatchObject({ error: { code: 'EXECUTE_FAILED' } });
    const logged = site.logger.lines.find((text) => text.includes(outcome.callId));
    expect(logged).toContain(`typescript/bodies.ts:${lineOf(how)}:`);
  });

  it('is no news where a client cannot be asked', async () => {
    const outcome = await run('refused', { how: 'ask' });
    expect(outcome).toMatchObject({ error: { code: 'ELICIT_UNAVAILABLE' } });
    expect(site.logger.lines.filter((text) => text.includes(outcome.callId))).toEqual([]);
  });
});

describe('a body that forgets to await', () => {
  it.each([
    ['write', 'ctx.db.execute'],
    ['failing write', 'ctx.db.execute'],
    ['result', 'ctx.db.query'],
  ])('fails, and leaves nothing: %s', async (how, asked) => {
    const before = await value('count');
    const outcome = await run('forgets', { how });
    expect(outcome).toMatchObject({ status: 'error' });
    const logged = site.logger.lines.filter((text) => text.includes(outcome.callId)).join('\n');
    expect(logged).toContain(`The body ended before ${asked} was answered: await it`);
    expect(await value('count')).toBe(before);
  });
});

describe('ctx.endpoints.call', () => {
  it('runs another endpoint as the same caller, in the same transaction, with a record of its own', async () => {
    const outcome = await run('outer', { inner: 'write', args: { id: 20 } });
    expect(outcome).toMatchObject({ status: 'success', released: { value: 2 } });
    const inner = site.records().filter((record) => record['parent_call_id'] === outcome.callId);
    expect(inner.map((record) => record['operation_status'])).toEqual(['started', 'success']);
    expect(await value('count')).toBe(2);
  });

  it('obeys the rules of what it calls, and what fails inside dooms the call', async () => {
    expect(await value('outer', { inner: 'guarded' })).toMatch(
      /^EXECUTE_FAILED: A call inside of this one failed/,
    );
    expect(await value('outer', { inner: 'write', args: { id: 30, fail: true } })).toMatch(/^EXECUTE_FAILED/);
    expect(await value('outer', { inner: 'nothing-there' })).toMatch(/^EXECUTE_FAILED/);
    expect(await value('count')).toBe(2);
  });

  it('masks inside as it masks outside', async () => {
    expect(await value('outer', { inner: 'masked' })).toEqual([{ name: 'a', pay: '****' }]);
  });

  it('ends cycles', async () => {
    expect(await value('again')).toMatch(/^EXECUTE_FAILED/);
  });
});

describe('what leaves beside the result', () => {
  function listener(): { client: ClientChannel; heard: unknown[] } {
    const heard: unknown[] = [];
    return { heard, client: { progress: (...all) => heard.push(all), log: (...all) => heard.push(all) } };
  }

  it('carries no text where a rule can change the result', async () => {
    const { client, heard } = listener();
    expect(await value('masked', {}, { client })).toEqual([{ name: 'a', pay: '****' }]);
    expect(heard).toEqual([[1, 2, undefined]]);
    expect(await value('masked', { how: 'tool' }, { client })).not.toContain('1000');
    expect(site.logger.lines.some((line) => line.includes('pay is 1000'))).toBe(true);
  });

  it('carries none either by calls inside, which such a rule does not name', async () => {
    const alone = listener();
    await value('says', { pay: 7 }, { client: alone.client });
    expect(alone.heard).toEqual([
      [1, 2, 'pay is 7'],
      ['info', 'pay is 7'],
    ]);
    const { client, heard } = listener();
    expect(await value('masked', { how: 'inside' }, { client })).toEqual([{ name: 'a', pay: '****' }]);
    expect(heard).toEqual([
      [1, 2, undefined],
      [1, 2, undefined],
    ]);
  });

  it('is denied as blocks to those for whom such a rule matches', async () => {
    expect(await value('masked', { how: 'content' })).toMatch(/^POLICY_DENIED/);
    const hr = site.runtime.callerOf('cli', { userId: 'h', role: 'hr', claims: {} });
    expect(await value('masked', { how: 'blocks' }, { caller: hr })).toBe('content');
  });
});
