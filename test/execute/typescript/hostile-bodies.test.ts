import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancelledError, isMxcpError, WorkerLostError } from '../../../src/errors.js';
import { limitResult } from '../../../src/engine/limit-result.js';
import { openBodies, type Bodies } from '../../../src/execute/typescript/open-bodies.js';
import type { Json, JsonObject } from '../../../src/model/json.js';
import { bodyFile, bodySettings, quietHost } from './bodies.js';

const root = join(import.meta.dirname, '../../fixtures/hostile-bodies');
const body = bodyFile(root, 'typescript/hostile.ts', []);
const printed: string[] = [];
let bodies: Bodies;

beforeAll(async () => {
  process.env['MXCP_TEST_SECRET'] = 'only the server may see this';
  bodies = await openBodies({
    bodies: [body],
    plugins: [],
    host: quietHost,
    settings: bodySettings(root, { memoryBytes: 160 * 1024 * 1024 }),
    root,
    config: {},
    environment: process.env,
    output: (line) => printed.push(line),
  });
  expect(bodies.problems(body)).toEqual([]);
  await bodies.warm();
});

afterAll(() => bodies.close());

const limits = { maxRows: 100_000, maxBytes: 50_000, maxScanRows: 1_000_000, onLimit: 'error' } as const;

async function run(args: JsonObject, signal = AbortSignal.timeout(15_000)): Promise<Json> {
  const loan = await bodies.lend(bodies.moduleOf(body), 'somebody', signal);
  try {
    const facts = { user: {}, request: {}, traceId: null, maxBytes: 100_000 };
    const { value } = await loan.worker.run({
      module: bodies.moduleOf(body),
      args,
      facts,
      host: { ...quietHost, takeRows: limitResult({ limits }, new AbortController().signal).take },
      signal,
    });
    return value;
  } finally {
    loan.giveBack();
  }
}

async function failure(
  args: JsonObject,
  signal?: AbortSignal,
): Promise<{ code: string; reason?: string; message: string }> {
  const error: unknown = await run(args, signal).then(
    (value) => `no failure but ${JSON.stringify(value)}`,
    (thrown: unknown) => thrown,
  );
  if (!isMxcpError(error)) throw new Error(String(error));
  return error instanceof WorkerLostError ? error : { code: error.code, message: error.message };
}

describe('a body that ends its worker costs its own call only', () => {
  it.each([
    ['heap bomb', 'memory'],
    ['buffers outside of the heap', 'memory'],
    ['process.exit', 'exit'],
    ['process.abort', 'signal'],
    ['native crash', 'signal'],
    ['kill of itself', 'signal'],
    ['rejection that nobody awaits', 'uncaught'],
    ['exception in a timer', 'uncaught'],
    ['garbage on the line', 'hostile'],
    ['no JSON on the line', 'hostile'],
    ['more values on the line than a worker sends', 'hostile'],
    ['more members on the line than a worker sends', 'hostile'],
    ['deep JSON on the line', 'hostile'],
    ['prototype keys on the line', 'hostile'],
    ['a flood on the line', 'hostile'],
  ])('%s', async (name, reason) => {
    const beside = run({ kind: 'state', name: '' });
    expect(await failure({ kind: 'ending', name })).toMatchObject({ code: 'EXECUTE_WORKER_LOST', reason });
    expect(await beside).toBeTypeOf('number');
    expect(await run({ kind: 'state', name: '' })).toBeTypeOf('number');
  });

  it.each(['endless loop', 'ignored abort'])(
    '%s is stopped within 200 ms after it was told to stop',
    async (name) => {
      const controller = new AbortController();
      const reason = new CancelledError('the test cancels');
      let aborted = 0;
      setTimeout(() => {
        aborted = performance.now();
        controller.abort(reason);
      }, 200);
      expect(await failure({ kind: 'ending', name }, controller.signal)).toMatchObject({
        code: 'CALL_CANCELLED',
      });
      expect(performance.now() - aborted).toBeLessThan(300);
      expect(await run({ kind: 'state', name: '' })).toBeTypeOf('number');
    },
  );
});

describe('whatever a body throws is a failure of its call', () => {
  it.each([
    ['a number', 'EXECUTE_BODY_FAILED'],
    ['null', 'EXECUTE_BODY_FAILED'],
    ['undefined', 'EXECUTE_BODY_FAILED'],
    ['an object with getters that throw', 'EXECUTE_BODY_FAILED'],
    ['a proxy that throws', 'EXECUTE_BODY_FAILED'],
    ['a ToolError', 'EXECUTE_TOOL_ERROR'],
  ])('%s', async (name, code) => {
    expect(await failure({ kind: 'thrown', name })).toMatchObject({ code });
  });
});

describe('what JSON cannot say is refused in words', () => {
  it.each([
    ['cyclic', 'EXECUTE_INVALID_RESULT', /contains itself/],
    ['nested deeply', 'EXECUTE_INVALID_RESULT', /nested deeper/],
    ['function', 'EXECUTE_INVALID_RESULT', /is a function/],
    ['function inside', 'EXECUTE_INVALID_RESULT', /result\.a\[0\] is a function/],
    ['symbol', 'EXECUTE_INVALID_RESULT', /is a symbol/],
    ['promise', 'EXECUTE_INVALID_RESULT', /result\.later is a promise/],
    ['an error', 'EXECUTE_INVALID_RESULT', /is an error/],
    ['invalid date', 'EXECUTE_INVALID_RESULT', /invalid date/],
    ['a map with objects as keys', 'EXECUTE_INVALID_RESULT', /keys that are no texts/],
    ['a getter that throws', 'EXECUTE_BODY_FAILED', /threw Error/],
    ['a proxy that throws', 'EXECUTE_BODY_FAILED', /threw Error/],
    ['more than fits', 'EXECUTE_LIMIT_EXCEEDED', /max_bytes/],
    ['a BigInt of more digits than fit', 'EXECUTE_LIMIT_EXCEEDED', /max_bytes/],
    ['endless iteration', 'EXECUTE_LIMIT_EXCEEDED', /max_bytes/],
  ])('%s', async (name, code, message) => {
    const found = await failure({ kind: 'result', name });
    expect(found.code).toBe(code);
    expect(found.message).toMatch(message);
  });
});

describe('everything else has one JSON form', () => {
  it.each([
    ['undefined', null],
    ['BigInt', { small: 12, large: '18446744073709551616' }],
    ['Date', '1970-01-01T00:00:00.000Z'],
    ['Map', JSON.parse('{"a":1,"__proto__":2}')],
    ['Set', [1, 2]],
    ['typed array', { floats: [0.5, null], bytes: 'AQID' }],
    ['bytes', 'aGk='],
    ['class instance', { x: 1 }],
    ['toJSON', { shown: true, big: 1 }],
    ['proxy', { a: 1 }],
    ['lone surrogate', 'a\ufffdb'],
    ['not a number', [null, null, 0]],
    ['undefined members', { b: [null] }],
  ] as [string, unknown][])('%s', async (name, value) => {
    expect(await run({ kind: 'result', name })).toEqual(value);
  });
});

describe('a body cannot reach beyond its worker', () => {
  it.each([
    ['read the environment of the server', 'ERR_ACCESS_DENIED'],
    ['read its own environment', []],
    ['read a file elsewhere', 'ERR_ACCESS_DENIED'],
    ['list descriptors', 'ERR_ACCESS_DENIED'],
    ['write a file', 'ERR_ACCESS_DENIED'],
    ['start a program', 'ERR_ACCESS_DENIED'],
    ['start a thread', 'ERR_ACCESS_DENIED'],
    ['signal the server', 'A body may not send signals to other processes'],
    ['open a debugger in the server', 'A body may not send signals to other processes'],
    ['read what the server was started with', 'ERR_ACCESS_DENIED'],
    ['read the environment of its parent', 'ERR_ACCESS_DENIED'],
    ['read the memory of the server', 'ERR_ACCESS_DENIED'],
    ['read through a descriptor of the server', 'ERR_ACCESS_DENIED'],
    ['read through the root of its process', 'ERR_ACCESS_DENIED'],
    ['read by a path that leaves its folder', 'ERR_ACCESS_DENIED'],
    ['read by a path of bytes', 'ERR_ACCESS_DENIED'],
    ['read by a stream', 'ERR_ACCESS_DENIED'],
    ['read by a promise', 'ERR_ACCESS_DENIED'],
    ['make a symbolic link', 'ERR_ACCESS_DENIED'],
    ['make a hard link', 'ERR_ACCESS_DENIED'],
    ['import a file elsewhere', 'ERR_ACCESS_DENIED'],
    ['require a file elsewhere', 'ERR_ACCESS_DENIED'],
    ['load a library', 'ERR_DLOPEN_DISABLED'],
    ['use the bindings of Node', 'ERR_ACCESS_DENIED'],
    ['open an inspector', 'ERR_ACCESS_DENIED'],
    ['use a session of the inspector', 'ERR_ACCESS_DENIED'],
    ['run WebAssembly with files', 'ERR_ACCESS_DENIED'],
    ['write a report', 'A body may not write files'],
    ['write a snapshot of its heap', 'ERR_ACCESS_DENIED'],
    ['read an environment file', 'ERR_ACCESS_DENIED'],
    ['open a database file', 'refused'],
    ['fork itself', 'ERR_ACCESS_DENIED'],
    ['use descriptors that it has not opened', []],
    ['change its folder and read from there', 'ERR_ACCESS_DENIED'],
    ['watch a file elsewhere', 'ERR_ACCESS_DENIED'],
    ['watch a file elsewhere by asking for it again and again', 'ERR_ACCESS_DENIED'],
    ['copy a file', 'ERR_ACCESS_DENIED'],
    ['open a folder', 'ERR_ACCESS_DENIED'],
    ['ask what a file is', 'ERR_ACCESS_DENIED'],
    ['find where a link leads', 'ERR_ACCESS_DENIED'],
    ['find its real path', 'ERR_ACCESS_DENIED'],
    ['slow the server down', 'A body may not send signals to other processes'],
    ['ask whether a process lives', 'A body may not send signals to other processes'],
    ['signal all processes', 'A body may not send signals to other processes'],
    ['signal by the method below', 'A body may not send signals to other processes'],
    ['signal by a method that it puts back', 'Cannot redefine property: _kill'],
    ['signal from another realm', 'A body may not send signals to other processes'],
    ['become another program', 'ERR_ACCESS_DENIED'],
    ['register a loader', 'ERR_ACCESS_DENIED'],
    ['fork a cluster', 'ERR_ACCESS_DENIED'],
    ['give itself more rights', []],
    ['write a report of a crash', 'Cannot add property filename, object is not extensible'],
    ['read a report of itself', 'allowed'],
    ['write by a flag of the engine', 'A body may not write files'],
    ['write by a flag of the engine, required', 'A body may not write files'],
    ['write its heap when it is nearly full', 'A body may not write files'],
    ['write a trace of events', 'A body may not write files'],
    ['write a cache of compiled modules', 'allowed'], // it is told that it failed
    ['make a temporary folder', 'ERR_ACCESS_DENIED'],
    ['change the rights of a file', 'ERR_ACCESS_DENIED'],
    ['read a file as a blob', 'ERR_ACCESS_DENIED'],
    ['ask how full a disk is', 'ERR_ACCESS_DENIED'],
    ['listen, and connect by a socket of its own', 'hello'], // the network is not confined
    ['read its own module', 'allowed'],
  ] as [string, unknown][])('%s', async (name, value) => {
    const path = /^(?:write|make|copy|open a database)/.test(name)
      ? join(tmpdir(), 'mxcp-never-written')
      : join(root, '../../tsconfig.json');
    expect(await run({ kind: 'attempt', name, value: path })).toEqual(value);
    expect(existsSync(join(tmpdir(), 'mxcp-never-written'))).toBe(false);
  });
});
