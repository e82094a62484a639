import {
  DuckDBListValue,
  DuckDBScalarFunction,
  LIST,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { RequestContext } from '../model/call.js';
import type { Caller } from '../model/caller.js';
import type { Json } from '../model/json.js';

/** For whom a connection works at the moment: what the functions of this file answer from. */
export interface CallIdentity {
  readonly caller: Caller;
  readonly request: Pick<RequestContext, 'headers'>;
  /** What `get_user_external_token()` gives. Secret. */
  readonly externalToken?: string;
}

/**
 * Which connection works for whom. DuckDB tells a function only the id of the connection that runs it; a leased
 * connection works for one call, so the id names the call, and no SQL text can change that.
 */
export class CallerRegistry {
  private readonly calls = new Map<string, CallIdentity>();
  private readonly used = new Set<string>();

  /** From here until `leave`, statements of the connection run for this call. */
  enter(connectionId: string, call: CallIdentity): void {
    this.calls.set(connectionId, call);
  }

  leave(connectionId: string): void {
    this.calls.delete(connectionId);
  }

  /**
   * True when a statement that was bound on the connection since the last question uses a function of the caller. Its
   * plan holds the caller's values as constants, so it must not be kept for another call.
   */
  takeUsed(connectionId: string): boolean {
    return this.used.delete(connectionId);
  }

  /** Called when DuckDB binds one of the functions. */
  bind(connectionId: string): CallIdentity | undefined {
    this.used.add(connectionId);
    return this.calls.get(connectionId);
  }
}

type Answer = (call: CallIdentity, argument: string) => string | null;

const plainFunctions: readonly (readonly [string, Answer])[] = [
  ['get_username', ({ caller }) => caller.username],
  ['get_user_email', ({ caller }) => caller.email],
  ['get_user_provider', ({ caller }) => caller.provider],
  ['get_user_external_token', ({ externalToken }) => externalToken ?? null],
  ['get_request_headers_json', ({ request }) => JSON.stringify(request.headers)],
  ['get_user_key', ({ caller }) => caller.key],
  ['get_user_id', ({ caller }) => caller.userId],
  ['get_user_role', ({ caller }) => caller.role],
];

const argumentFunctions: readonly (readonly [string, Answer])[] = [
  ['get_request_header', ({ request }, name) => header(request.headers, name)],
  ['get_user_claim', ({ caller }, path) => claimText(claimAt(caller.claims, path))],
];

const listFunctions: readonly (readonly [string, (call: CallIdentity) => readonly string[]])[] = [
  ['get_user_roles', ({ caller }) => caller.roles],
  ['get_user_capabilities', ({ caller }) => caller.capabilities],
];

/** Names of all functions, for checks of free-form SQL. */
export const callerFunctionNames: readonly string[] = [
  ...plainFunctions.map(([name]) => name),
  ...argumentFunctions.map(([name]) => name),
  ...listFunctions.map(([name]) => name),
];

/**
 * Registers the functions of spec page 07, "Functions in SQL", once per instance: they live in its system catalogue, so
 * views, macros and every connection see them, and a body that does not use them does not pay. Outside of a call
 * (`init`, load) all answers are NULL.
 */
export function registerCallerFunctions(connection: DuckDBConnection, registry: CallerRegistry): void {
  for (const [name, answer] of plainFunctions) {
    define(connection, registry, {
      name,
      takesText: false,
      type: VARCHAR,
      answer: (call) => answer(call, ''),
    });
  }
  for (const [name, answer] of argumentFunctions) {
    define(connection, registry, { name, takesText: true, type: VARCHAR, answer });
  }
  for (const [name, answer] of listFunctions) {
    const list = (call: CallIdentity): DuckDBListValue => new DuckDBListValue(answer(call));
    define(connection, registry, { name, takesText: false, type: LIST(VARCHAR), answer: list });
  }
}

interface Definition {
  readonly name: string;
  readonly takesText: boolean;
  readonly type: DuckDBType;
  readonly answer: (call: CallIdentity, argument: string) => DuckDBValue;
}

function define(connection: DuckDBConnection, registry: CallerRegistry, definition: Definition): void {
  const { name, takesText, type, answer } = definition;
  connection.registerScalarFunction(
    DuckDBScalarFunction.create({
      name,
      returnType: type,
      parameterTypes: takesText ? [VARCHAR] : [],
      specialHandling: takesText,
      bindFunction(info) {
        info.setBindData({ call: registry.bind(String(info.clientContext.connectionId)) });
      },
      mainFunction(info, input, output) {
        const call = boundCall(info.bindData);
        const texts = takesText ? input.getColumnVector(0) : undefined;
        for (let index = 0; index < input.rowCount; index += 1) {
          const argument = texts ? texts.getItem(index) : '';
          output.setItem(index, call && typeof argument === 'string' ? answer(call, argument) : null);
        }
        output.flush();
      },
    }),
  );
}

interface BindData {
  readonly call?: CallIdentity;
}

function boundCall(data: BindData | undefined): CallIdentity | undefined {
  return data?.call;
}

function header(headers: Readonly<Record<string, string>>, name: string): string | null {
  const key = name.toLowerCase();
  return Object.hasOwn(headers, key) ? (headers[key] ?? null) : null;
}

/** The claim of exactly this name, else the one at this dotted path. */
function claimAt(claims: Json, path: string): Json {
  const direct = memberOf(claims, path);
  if (direct !== undefined) return direct;
  let value: Json | undefined = claims;
  for (const name of path.split('.')) value = memberOf(value, name);
  return value ?? null;
}

function memberOf(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  const found: unknown = Reflect.get(value, name);
  return found as Json;
}

/** Text claims as they are, NULL for null, everything else as JSON. */
function claimText(claim: Json): string | null {
  if (claim === null || typeof claim === 'string') return claim;
  return JSON.stringify(claim);
}
