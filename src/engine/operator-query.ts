import { redactSql } from '../audit/redact-sql.js';
import { ConfigInvalidError, InvalidArgumentsError } from '../errors.js';
import type { Caller } from '../model/caller.js';
import type { CallRequest, RequestContext } from '../model/call.js';
import type { ResultColumn } from '../model/effects.js';
import type { Limits } from '../model/endpoint.js';
import type { Json, JsonObject } from '../model/json.js';
import type { Outcome, Released } from '../model/outcome.js';
import type { Parameter } from '../model/type-node.js';
import { startDeadline } from './deadline.js';
import type { Progress } from './progress.js';
import { recordIntent } from './record.js';
import { recorded } from './recorded.js';
import type { Runtime } from './runtime.js';

/** SQL that the operator runs by hand (`mxcp query`). */
export interface OperatorQuery {
  readonly sql: string;
  readonly parameters: Readonly<Record<string, Json>>;
  readonly caller: Caller;
  readonly context: RequestContext;
  readonly limits: Limits;
  readonly signal?: AbortSignal;
}

/** The outcome, and the columns of its rows when it succeeded. */
export interface OperatorResult {
  readonly outcome: Outcome;
  readonly columns: readonly ResultColumn[];
}

const origin = { file: 'query', line: 1, column: 1 };

function typeOf(value: Json): Parameter['node']['type'] {
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return 'string';
}

function parametersOf(values: OperatorQuery['parameters']): Parameter[] {
  return Object.entries(values).map(([name, value]) => ({
    name,
    node: { type: typeOf(value), origin, examples: [value] }, // what the SQL is checked with
    header: false,
  }));
}

/**
 * Runs SQL as the operator: no endpoint, so no rules; recorded like a call of kind `admin`, with literals replaced unless
 * `audit.sql` is `full`. What it writes is committed. Throws only `AUDIT_UNAVAILABLE`.
 */
export async function queryAsOperator(runtime: Runtime, query: OperatorQuery): Promise<OperatorResult> {
  const { caller, context, signal, sql } = query;
  const shown = runtime.project.audit.sql === 'full' ? sql : redactSql(sql);
  const request: CallRequest = {
    kind: 'tool',
    name: 'query',
    arguments: { sql: shown },
    caller,
    context,
    ...(signal && { signal }),
  };
  let columns: readonly ResultColumn[] = [];
  const outcome = await recorded(
    runtime,
    request,
    async (progress) => {
      progress.args = Object.assign(Object.create(null) as JsonObject, { sql: shown });
      const result = await runQuery(runtime, query, progress);
      columns = result.columns;
      return result.released;
    },
    'admin',
  );
  return { outcome, columns };
}

/** Nothing is declared: the text's own `$names` are what it takes. */
function checkNames(used: readonly string[], given: readonly string[]): void {
  const issues = [
    ...used
      .filter((name) => !given.includes(name))
      .map((name) => ['Required parameter missing', name] as const),
    ...given.filter((name) => !used.includes(name)).map((name) => ['Unknown parameter', name] as const),
  ].map(([what, name]) => ({ path: name, message: `${what}: ${name}` }));
  if (issues.length > 0) throw new InvalidArgumentsError(issues);
}

async function runQuery(
  runtime: Runtime,
  query: OperatorQuery,
  progress: Progress,
): Promise<{ columns: readonly ResultColumn[]; released: Released }> {
  const { database, stopping } = runtime;
  const source = { text: query.sql, origin, indent: 0 };
  const { body, problems } = await database.prepare(
    { language: 'sql', source },
    parametersOf(query.parameters),
  );
  if (body === undefined) throw new ConfigInvalidError(problems);
  checkNames(body.parameterNames, Object.keys(query.parameters));
  const deadline = startDeadline(query.limits.timeoutMs, query.signal, stopping);
  try {
    if (body.effects === 'write') await recordIntent(runtime, progress);
    const { caller, context: request, limits } = query;
    const execution = await database.run(body, query.parameters, {
      caller,
      request,
      limits,
      signal: deadline.signal,
    });
    await execution.settle(true);
    const { rows, columns, truncated } = execution;
    return { columns, released: { form: 'value', value: rows, json: JSON.stringify(rows), truncated } };
  } finally {
    deadline.release();
  }
}
