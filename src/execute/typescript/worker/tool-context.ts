import { content } from '../../../author/api.js';
import type { Json, JsonObject } from '../../../model/json.js';
import type { ElicitAnswer, SiteContext, SqlParameters, ToolContext } from '../../../model/tool-context.js';
import { maxValues, type AskOperation, type CallFacts } from '../protocol.js';
import type { CallScope } from './call-scope.js';
import { NotJson, toJson, TooLarge } from './to-json.js';
import { createFetch } from './tool-fetch.js';

/** What the parameters of a statement or a nested call may have, bytes of JSON. */
const maxInputBytes = 4 * 1024 * 1024;

/** What a log line, a progress message or an audit event may have, bytes of JSON. */
const maxToldBytes = 64 * 1024;
/** Log lines and progress messages of one call; the server does not take more either. */
const maxTold = 1000;

/** What the server sent as JSON, and made from a value of this type. */
type Given<T> = JsonObject & T;

/** What a body hands to its `ctx`, as JSON. Throws `TypeError`: what does not fit is the author's mistake, no result. */
function input(
  name: string,
  fields: Readonly<Record<string, unknown>>,
  maxBytes = maxInputBytes,
): JsonObject {
  try {
    return toJson(fields, maxBytes, name) as JsonObject;
  } catch (error) {
    if (error instanceof TooLarge)
      throw new TypeError(`${name}: more than ${maxBytes} bytes or ${maxValues} values`, { cause: error });
    if (error instanceof NotJson) throw new TypeError(`${name}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Of a text, what fits into a log line. */
const line = (text: unknown): string => String(text).slice(0, 8192);

/** The data of a log line; where it is no JSON, why. A log line never fails a call. */
function logged(data: unknown): Json {
  try {
    return input('data', { data }, maxToldBytes)['data'] ?? null;
  } catch (error) {
    return `(not logged: ${error instanceof TypeError ? error.message : 'it throws when it is read'})`;
  }
}

function atMost(times: number, most: number, work: () => void): void {
  if (times <= most) work();
}

function createDatabase(scope: CallScope): ToolContext['db'] {
  const run = (operation: AskOperation, sql: string, params: SqlParameters = {}): Promise<Json> =>
    scope.ask(operation, input('ctx.db', { sql, params }));
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

function createLog(scope: CallScope, most = maxTold): ToolContext['log'] {
  let lines = 0;
  const at =
    (level: string) =>
    (message: string, data?: unknown): void =>
      atMost(++lines, most, () => scope.tell('log', { level, message: line(message), data: logged(data) }));
  return Object.freeze({ debug: at('debug'), info: at('info'), warn: at('warning'), error: at('error') });
}

/** The method is not enumerable: a body may return its user, or copy him. */
function createUser(scope: CallScope, { user }: CallFacts): ToolContext['user'] {
  const value = (): Promise<Json> => scope.ask('token', {});
  return Object.defineProperty(user as Given<ToolContext['user']>, 'externalToken', { value });
}

/** The setting at a path, or all settings below it as an object. */
function settingAt(settings: JsonObject, path: string): Json | undefined {
  if (Object.hasOwn(settings, path)) return settings[path];
  const below = Object.entries(settings).filter(([name]) => name.startsWith(`${path}.`));
  if (below.length === 0) return undefined;
  return Object.fromEntries(below.map(([name, value]) => [name.slice(path.length + 1), value]));
}

function createProgress(scope: CallScope): ToolContext['progress'] {
  let messages = 0;
  return (done, total, message) =>
    atMost(++messages, maxTold, () =>
      scope.tell('progress', {
        done,
        ...(total !== undefined && { total }),
        ...(message !== undefined && { message: line(message) }),
      }),
    );
}

function createCommon(
  scope: CallScope,
  settings: JsonObject,
  plugins: SiteContext['plugins'],
): Omit<SiteContext, 'log'> {
  return {
    config: Object.freeze({ get: (path: string) => structuredClone(settingAt(settings, path)) }),
    secrets: Object.freeze({
      get: async (name: string) => (await scope.ask('secret', input('ctx.secrets', { name }))) as JsonObject,
    }),
    plugins,
  };
}

/** The `ctx` of plugins and hooks, outside of any call. The server bounds what they log. */
export function createSiteContext(
  scope: CallScope,
  settings: JsonObject,
  plugins: SiteContext['plugins'],
): SiteContext {
  const log = createLog(scope, Number.MAX_SAFE_INTEGER);
  return Object.freeze({ ...createCommon(scope, settings, plugins), log });
}

/** The `ctx` of one call (spec page 08). */
export function createContext(
  scope: CallScope,
  facts: CallFacts,
  settings: JsonObject,
  plugins: SiteContext['plugins'],
): ToolContext {
  return Object.freeze({
    ...createCommon(scope, settings, Object.freeze(plugins)),
    db: createDatabase(scope),
    user: createUser(scope, facts),
    request: facts.request as Given<ToolContext['request']>,
    log: createLog(scope),
    progress: createProgress(scope),
    get signal() {
      return scope.signal;
    },
    fetch: createFetch(scope, facts),
    elicit: async (key: string, schema: JsonObject, message: string) =>
      (await scope.ask('elicit', input('ctx.elicit', { key, schema, message }))) as Given<ElicitAnswer>,
    content,
    audit: Object.freeze({
      event: (event: object) => scope.tell('event', input('ctx.audit', { event }, maxToldBytes)),
    }),
    endpoints: Object.freeze({
      call: async (name: string, args: Readonly<Record<string, unknown>> = {}) =>
        scope.ask('call', input('ctx.endpoints', { name, args })),
    }),
  });
}
