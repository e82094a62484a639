import { content } from '../../../author/api.js';
import type { Json, JsonObject } from '../../../model/json.js';
import type { ElicitAnswer, SqlParameters, ToolContext } from '../../../model/tool-context.js';
import type { AskOperation, CallFacts } from '../protocol.js';
import type { CallScope } from './call-scope.js';
import { toJson } from './to-json.js';
import { createFetch } from './tool-fetch.js';

/** What the parameters of a statement or a nested call may have, bytes of JSON. */
const maxInputBytes = 4 * 1024 * 1024;

function input(fields: Readonly<Record<string, unknown>>): JsonObject {
  return toJson(fields, maxInputBytes) as JsonObject;
}

function createDatabase(scope: CallScope): ToolContext['db'] {
  const run = (operation: AskOperation, sql: string, params: SqlParameters = {}): Promise<Json> =>
    scope.ask(operation, input({ sql, params }));
  const rows = async (sql: string, params?: SqlParameters): Promise<unknown[]> =>
    (await run('query', sql, params)) as unknown[];
  return Object.freeze({
    query: rows as ToolContext['db']['query'],
    queryOne: (async (sql: string, params?: SqlParameters) =>
      (await rows(sql, params))[0] ?? null) as ToolContext['db']['queryOne'],
    execute: async (sql: string, params?: SqlParameters) => {
      await run('execute', sql, params);
    },
  });
}

function createLog(scope: CallScope): ToolContext['log'] {
  const at =
    (level: string) =>
    (message: string, data?: unknown): void =>
      scope.tell('log', input({ level, message: message, data }));
  return Object.freeze({ debug: at('debug'), info: at('info'), warn: at('warning'), error: at('error') });
}

/** The setting at a path, or all settings below it as an object. */
function settingAt(settings: JsonObject, path: string): Json | undefined {
  if (Object.hasOwn(settings, path)) return settings[path];
  const below = Object.entries(settings).filter(([name]) => name.startsWith(`${path}.`));
  if (below.length === 0) return undefined;
  return Object.fromEntries(below.map(([name, value]) => [name.slice(path.length + 1), value]));
}

/** The `ctx` of one call (spec page 08). */
export function createContext(scope: CallScope, facts: CallFacts, settings: JsonObject): ToolContext {
  return Object.freeze({
    db: createDatabase(scope),
    user: facts.user as unknown as ToolContext['user'],
    request: facts.request as unknown as ToolContext['request'],
    config: Object.freeze({ get: (path: string) => structuredClone(settingAt(settings, path)) }),
    secrets: Object.freeze({
      get: async (name: string) => (await scope.ask('secret', input({ name }))) as JsonObject,
    }),
    plugins: Object.freeze({}),
    log: createLog(scope),
    progress: (done: number, total?: number, message?: string) =>
      scope.tell('progress', input({ done, total, message })),
    signal: scope.signal,
    fetch: createFetch(scope, facts),
    elicit: async (key: string, schema: JsonObject, message: string) =>
      (await scope.ask('elicit', input({ key, schema, message }))) as unknown as ElicitAnswer,
    content,
    audit: Object.freeze({ event: (event: object) => scope.tell('event', input({ event })) }),
    endpoints: Object.freeze({
      call: async (name: string, args: Readonly<Record<string, unknown>> = {}) =>
        scope.ask('call', input({ name, args })),
    }),
  });
}
