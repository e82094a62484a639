import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceText } from '../../src/lib/source-text.js';
import type { Caller } from '../../src/model/caller.js';
import type { Limits } from '../../src/model/endpoint.js';
import type { JsonObject } from '../../src/model/json.js';
import type { DatabaseSettings } from '../../src/model/settings.js';
import type { Parameter, TypeNode } from '../../src/model/type-node.js';
import { openDatabase, type Database, type DatabaseOptions } from '../../src/execute/database.js';
import type { PreparedBody, PreparedSql } from '../../src/execute/prepared-body.js';
import type { Execution, RunCall } from '../../src/execute/run-body.js';

const origin = { file: 'tools/t.yml', line: 10, column: 5 };

export function sql(text: string): SourceText {
  return { text, origin, indent: 4 };
}

export function parameter(name: string, node: Partial<TypeNode> & Pick<TypeNode, 'type'>): Parameter {
  return { name, header: false, node: { origin, ...node } };
}

export const noLimits: Limits = {
  timeoutMs: 30_000,
  maxRows: 10_000,
  maxScanRows: 1_000_000,
  maxBytes: 10 * 2 ** 20,
  onLimit: 'error',
};

export function callerNamed(username: string | null, more: Partial<Caller> = {}): Caller {
  return {
    source: 'verified',
    key: username === null ? null : `test|${username}`,
    userId: username,
    username,
    email: username === null ? null : `${username}@example.com`,
    name: username,
    provider: 'test',
    role: 'user',
    roles: ['user'],
    permissions: [],
    groups: [],
    capabilities: [],
    scopes: 'all',
    claims: Object.create(null) as JsonObject,
    osUser: null,
    clientId: null,
    ...more,
  };
}

export function callOf(more: Partial<RunCall> = {}): RunCall {
  return {
    caller: callerNamed('ada'),
    request: { headers: Object.create(null) as Record<string, string> },
    limits: noLimits,
    signal: new AbortController().signal,
    ...more,
  };
}

export async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'mxcp-execute-'));
}

export function settingsOf(more: Partial<DatabaseSettings> = {}): DatabaseSettings {
  return {
    path: ':memory:',
    readonly: false,
    timezone: 'UTC',
    externalAccess: true,
    allowedDirectories: [],
    allowedPaths: [],
    attach: [],
    extensions: [],
    pool: 16,
    queue: 1000,
    maxTempDirectorySize: '1GiB',
    origin,
    ...more,
  };
}

export async function openWith(
  init: string,
  settings: Partial<DatabaseSettings> = {},
  options: Partial<DatabaseOptions> = {},
): Promise<Database> {
  return openDatabase({ settings: settingsOf({ init: sql(init), ...settings }), secrets: [], ...options });
}

export async function prepared(
  database: Database,
  text: string,
  parameters: readonly Parameter[] = [],
): Promise<PreparedSql> {
  const { body, problems } = await database.prepare({ language: 'sql', source: sql(text) }, parameters);
  if (body?.kind !== 'sql') throw new Error(problems.map((problem) => problem.message).join('\n'));
  return body;
}

/** Prepares and runs a body that has no parameters. */
export async function query(
  database: Database,
  text: string,
  call: Partial<RunCall> = {},
): Promise<Execution> {
  return settledRun(database, await prepared(database, text), {}, call);
}

export async function settledRun(
  database: Database,
  body: PreparedBody,
  args: JsonObject = {},
  call: Partial<RunCall> = {},
): Promise<Execution> {
  const execution = await database.run(body, args, callOf(call));
  await execution.settle(true);
  return execution;
}
