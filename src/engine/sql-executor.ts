import type { Database } from '../execute/database.js';
import type { PreparedBody } from '../execute/prepared-body.js';
import type { Execution } from '../execute/run-body.js';
import type { ResultColumn } from '../model/effects.js';
import type { Endpoint } from '../model/endpoint.js';
import { compileResult } from '../validate/result.js';
import type { Executor, Produced } from './executor.js';
import { tokenOfCall } from './external-token.js';

function isBlob(columns: readonly ResultColumn[], rows: number): boolean {
  return rows === 1 && columns.length === 1 && columns[0]?.type === 'BLOB';
}

async function shaped(
  execution: Execution,
  shape: ReturnType<typeof compileResult>['shapeRows'],
): Promise<Produced> {
  const { columns, rows, truncated, settle } = execution;
  try {
    return { response: shape(rows, columns), blob: isBlob(columns, rows.length), truncated, settle };
  } catch (error) {
    await settle(false);
    throw error;
  }
}

/** Runs an SQL body on the database and gives its rows the shape that the return type declares. */
export function sqlExecutor(
  database: Database,
  endpoint: Exclude<Endpoint, { kind: 'prompt' }>,
  body: PreparedBody,
): Executor {
  const { shapeRows } = compileResult(endpoint.returns);
  const { limits } = endpoint;
  const usesCaller = body.kind === 'sql' && body.usesCaller;
  return {
    recordsIntent: body.effects === 'write' || (body.kind === 'builtin' && body.tool === 'execute_sql_query'),
    execute: async (args, call) => {
      const { externalToken: lookUp, ...around } = call;
      const find = call.tree ? tokenOfCall(call, call.tree).find : lookUp;
      const externalToken = usesCaller ? await find?.() : undefined;
      const run = { ...around, limits, ...(externalToken !== undefined && { externalToken }) };
      const session = call.tree?.session;
      return shaped(
        await (session ? session.run(body, args, run) : database.run(body, args, run)),
        shapeRows,
      );
    },
  };
}
