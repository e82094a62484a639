import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ExecuteTimeoutError, type Problem } from '../../../src/errors.js';
import { openBodies, type Bodies } from '../../../src/execute/typescript/open-bodies.js';
import type { TypeScriptBody } from '../../../src/model/endpoint.js';
import type { Json, JsonObject } from '../../../src/model/json.js';
import type { BodySettings } from '../../../src/model/settings.js';
import { bodyFile, bodySettings, quietHost } from './bodies.js';

const root = mkdtempSync(join(tmpdir(), 'mxcp-open-bodies-'));
let open: Bodies | undefined;

afterEach(async () => {
  await open?.close();
  open = undefined;
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

function body(name: string, text: string): TypeScriptBody {
  write(`typescript/${name}.ts`, text);
  return bodyFile(root, `typescript/${name}.ts`, [name]);
}

async function load(
  all: readonly TypeScriptBody[],
  more: Partial<BodySettings> = {},
  loadMs = 10_000,
): Promise<Bodies> {
  open = await openBodies({
    plugins: [],
    host: quietHost,
    bodies: all,
    loadMs,
    settings: bodySettings(root, more),
    root,
    config: { 'duckdb.path': ':memory:', 'duckdb.pool': 4 },
    environment: { GIVEN: 'yes', HIDDEN: 'no' },
    output: () => undefined,
  });
  return open;
}

async function run(
  bodies: Bodies,
  one: TypeScriptBody,
  args: JsonObject = {},
): Promise<{ value: Json; usable: boolean }> {
  const signal = AbortSignal.timeout(10_000);
  const loan = await bodies.lend(bodies.moduleOf(one), 'somebody', signal);
  const facts = {
    user: { role: 'user' },
    request: {},
    traceId: 'ab'.repeat(16),
    maxBytes: 100_000,
  };
  try {
    const result = await loan.worker.run({
      module: bodies.moduleOf(one),
      args,
      facts,
      host: quietHost,
      signal,
    });
    return { value: result.value, usable: loan.worker.usable() };
  } finally {
    loan.giveBack();
  }
}

function only(problems: readonly Problem[]): Problem {
  expect(problems).toHaveLength(1);
  return problems[0]!;
}

describe('what is wrong with a body is found at load, in the author’s file', () => {
  it('locates syntax errors and missing imports, and loads the others', async () => {
    const good = body('good', 'export const good = () => 1;\n');
    const broken = body('broken', 'export function broken() {\n  return 1 +;\n}\n');
    const missing = body('missing', "import { x } from './not-there.js';\nexport const missing = () => x;\n");
    const bodies = await load([good, broken, missing]);
    expect(only(bodies.problems(broken))).toMatchObject({
      rule: 'typescript-does-not-compile',
      origin: { file: 'typescript/broken.ts', line: 2, column: 13 },
    });
    expect(only(bodies.problems(missing)).origin).toMatchObject({ file: 'typescript/missing.ts', line: 1 });
    expect((await run(bodies, good)).value).toBe(1);
  });

  it('locates errors of inline code inside of the YAML block', async () => {
    write('tools/inline.yml', 'x');
    const inline: TypeScriptBody = {
      language: 'typescript',
      file: join(root, 'tools/inline.yml'),
      exportNames: ['inline'],
      source: {
        text: 'export function inline() {\n  return 1 +;\n}\n',
        origin: { file: 'tools/inline.yml', line: 6, column: 9 },
        indent: 8,
      },
    };
    const bodies = await load([inline]);
    expect(only(bodies.problems(inline)).origin).toEqual({ file: 'tools/inline.yml', line: 7, column: 21 });
  });

  it('needs a function to run, and says which names it looked for', async () => {
    const none = body('none', 'export const other = 1;\n');
    const bodies = await load([none]);
    expect(only(bodies.problems(none))).toMatchObject({ rule: 'typescript-no-function' });
    expect(only(bodies.problems(none)).message).toContain('none');
  });

  it('says when what it found is no function', async () => {
    const five = body('five', 'export const five = 5;\n');
    const bodies = await load([five]);
    expect(only(bodies.problems(five)).message).toBe(
      'There is no function five to run. What the module exports as five is no function',
    );
  });

  it.each([
    ['throws', "export const fails = () => 1;\nthrow new Error('at load');\n", 2],
    ['exits', 'export const fails = () => 1;\nprocess.exit(3);\n', 1],
  ])('a module that %s while it loads does not keep the others from loading', async (_, text, line) => {
    const fails = body('fails', text);
    const good = body('good', 'export const good = () => 2;\n');
    const bodies = await load([fails, good]);
    const problem = only(bodies.problems(fails));
    expect(problem.rule).toBe('typescript-does-not-load');
    expect(problem.origin.line).toBe(line);
    expect((await run(bodies, good)).value).toBe(2);
  });
});

describe('a module that does not end to load', () => {
  it.each([
    ['loops', 'for (;;);'],
    ['waits', 'await new Promise(() => undefined);'],
  ])('%s: is a problem of its file, and the others are loaded', async (_, text) => {
    const hangs = body('hangs', `export const hangs = () => 1;\n${text}\n`);
    const good = body('good', 'export const good = () => 2;\n');
    const bodies = await load([hangs, good], {}, 3000);
    const problem = only(bodies.problems(hangs));
    expect(problem.rule).toBe('typescript-does-not-load');
    expect(problem.message).toContain('it took longer than 3000 ms');
    expect((await run(bodies, good)).value).toBe(2);
  });
});

describe('a worker', () => {
  it('has of the environment what the site names', async () => {
    const env = body('env', 'export const env = () => ({ ...process.env });\n');
    expect((await run(await load([env], { env: ['GIVEN', 'ABSENT'] }), env)).value).toEqual({ GIVEN: 'yes' });
  });

  it('shares modules between bodies, and packages in CommonJS work', async () => {
    write('node_modules/old/package.json', '{"name":"old","main":"index.js"}');
    write('node_modules/old/index.js', "exports.sep = require('path').sep;");
    write('typescript/shared.ts', 'export const shared = { count: 0 };\n');
    const one = body(
      'one',
      "import { shared } from './shared.js';\nexport const one = () => ++shared.count;\n",
    );
    const two = body(
      'two',
      "import { shared } from './shared.js';\nimport { sep } from 'old';\nexport const two = () => [++shared.count, sep];\n",
    );
    const bodies = await load([one, two], { workers: 1 });
    expect((await run(bodies, one)).value).toBe(1);
    expect((await run(bodies, two)).value).toEqual([2, '/']);
  });

  it('is replaced when a call left something running, and not for printing', async () => {
    const left = body('left', 'export const left = () => { setInterval(() => {}, 50); return 1; };\n');
    const prints = body('prints', "export const prints = () => { console.log('x'); return 2; };\n");
    const bodies = await load([left, prints], { workers: 1 });
    expect(await run(bodies, prints)).toEqual({ value: 2, usable: true });
    expect(await run(bodies, left)).toEqual({ value: 1, usable: false });
    expect((await run(bodies, prints)).value).toBe(2);
  });

  it('gives settings by path, and nothing that is not there', async () => {
    const config = body(
      'config',
      "export const config = (_: unknown, ctx: any) => [ctx.config.get('duckdb.path'), ctx.config.get('duckdb'), ctx.config.get('__proto__')];\n",
    );
    expect((await run(await load([config]), config)).value).toEqual([
      ':memory:',
      { path: ':memory:', pool: 4 },
      null,
    ]);
  });

  it('loses the use of ctx with the end of the call', async () => {
    const keeps = body(
      'keeps',
      `let kept: any;
export const keeps = async (_: unknown, ctx: any) => {
  const before = kept;
  kept = ctx;
  return before ? before.db.query('SELECT 1').then(() => 'used', (e: Error) => e.message) : 'first';
};
`,
    );
    const bodies = await load([keeps], { workers: 1 });
    expect((await run(bodies, keeps)).value).toBe('first');
    expect((await run(bodies, keeps)).value).toMatch(/^The call has ended/);
  });

  it('refuses a call too many, and keeps nobody waiting whose call was cancelled', async () => {
    const slow = body(
      'slow',
      'export const slow = () => new Promise((resolve) => setTimeout(resolve, 200, 1));\n',
    );
    const bodies = await load([slow], { workers: 1, queue: 1 });
    const first = run(bodies, slow);
    const controller = new AbortController();
    const lend = (signal: AbortSignal): Promise<unknown> =>
      bodies.lend(bodies.moduleOf(slow), 'somebody', signal);
    const waiting = lend(controller.signal);
    await expect(lend(AbortSignal.timeout(1000))).rejects.toMatchObject({ code: 'CALL_OVERLOADED' });
    controller.abort(new Error('gone'));
    await expect(waiting).rejects.toMatchObject({ code: 'CALL_CANCELLED', cause: { message: 'gone' } });
    expect((await first).value).toBe(1);
  });

  it('as a thread runs the same bodies', async () => {
    const plain = body('plain', 'export const plain = (args: { a: number }) => args.a + 1;\n');
    const loop = body('loop', 'export const loop = () => { for (;;); };\n');
    const bodies = await load([plain, loop], { isolation: 'thread', workers: 1 });
    expect((await run(bodies, plain, { a: 1 })).value).toBe(2);
    const signal = AbortSignal.timeout(100);
    const loan = await bodies.lend(bodies.moduleOf(loop), 'somebody', signal);
    const facts = { user: {}, request: {}, traceId: null, maxBytes: 1000 };
    const looping = loan.worker.run({
      module: bodies.moduleOf(loop),
      args: {},
      facts,
      host: quietHost,
      signal,
    });
    await expect(looping).rejects.toMatchObject({ code: 'CALL_CANCELLED' });
    loan.giveBack();
    expect((await run(bodies, plain, { a: 2 })).value).toBe(3);
  });

  it('leaves no file behind', async () => {
    const before = process.env['TMPDIR'];
    const folder = mkdtempSync(join(root, 'tmp-'));
    process.env['TMPDIR'] = folder;
    try {
      const bodies = await load([body('plain', 'export const plain = () => 1;\n')]);
      expect(readdirSync(folder)).toHaveLength(1);
      await bodies.close();
      open = undefined;
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    }
  });
});

describe('ctx.fetch', () => {
  let server: Server;
  let url = '';
  const traces: (string | undefined)[] = [];
  const silent: IncomingMessage[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/silent') {
        silent.push(request);
        return;
      }
      traces.push(request.headers['traceparent']?.toString());
      response.end('{"ok":true}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/path?key=secret`;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('continues the trace, is told without the query, and leaves the worker usable', async () => {
    const asks = body(
      'asks',
      'export const asks = async (args: { url: string }, ctx: any) => (await ctx.fetch(args.url)).json();\n',
    );
    const bodies = await load([asks], { workers: 1 });
    const told: unknown[] = [];
    const signal = AbortSignal.timeout(5000);
    const loan = await bodies.lend(bodies.moduleOf(asks), 'somebody', signal);
    const facts = { user: {}, request: {}, traceId: 'ab'.repeat(16), maxBytes: 1000 };
    const host = {
      ...quietHost,
      fetchStarted: (...all: unknown[]) => void told.push(all),
      fetchEnded: (_: number, status: number) => void told.push(status),
    };
    const result = await loan.worker.run({
      module: bodies.moduleOf(asks),
      args: { url },
      facts,
      host,
      signal,
    });
    expect(result.value).toEqual({ ok: true });
    expect(loan.worker.usable()).toBe(true);
    loan.giveBack();
    expect(told).toEqual([[expect.any(Number), 'GET', url.replace('?key=secret', '')], 200]);
    expect(traces[0]).toMatch(/^00-(?:ab){16}-[0-9a-f]{16}-01$/);
  });

  it('is cut off when its call is: the service sees it go, and the worker goes on', async () => {
    const waits = body(
      'waits',
      'export const waits = async (args: { url: string }, ctx: any) => { await ctx.fetch(args.url); };\n',
    );
    const bodies = await load([waits], { workers: 1 });
    const deadline = new AbortController();
    const loan = await bodies.lend(bodies.moduleOf(waits), 'somebody', deadline.signal);
    const ends: number[] = [];
    const running = loan.worker.run({
      module: bodies.moduleOf(waits),
      args: { url: new URL('/silent', url).href },
      facts: { user: {}, request: {}, traceId: null, maxBytes: 1000 },
      host: { ...quietHost, fetchEnded: (_, status) => void ends.push(status) },
      signal: deadline.signal,
    });
    await expect.poll(() => silent).toHaveLength(1);
    const closed = once(silent[0]!.socket, 'close');
    deadline.abort(new ExecuteTimeoutError('The call passed its deadline'));
    await expect(running).rejects.toMatchObject({ code: 'EXECUTE_TIMEOUT' });
    await closed;
    expect(ends).toEqual([0]);
    loan.giveBack();
    expect((await run(bodies, waits, { url })).value).toBe(null);
  });
});
