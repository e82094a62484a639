import { ExecuteFailedError, type MxcpError } from '../errors.js';
import { throwIfStopped, type StopSignal } from '../lib/stop-signal.js';
import type { Json, JsonObject } from '../model/json.js';
import { authorArguments, type AuthorRights, type CheckText } from './author-sql.js';
import { runBuiltinWith } from './builtin-tools.js';
import { toExecuteError } from './duckdb-error.js';
import { interruptible } from './guard.js';
import { leaseFor, type RunSite } from './lease-for.js';
import type { Lease, LeaseKind } from './pool.js';
import type { PreparedBody } from './prepared-body.js';
import { runOn, settleLease, type Execution, type RunCall, type RunnableSource } from './run-body.js';
import type { StatementsResult } from './run-statements.js';

/**
 * The database as one call sees it: one connection from its first use to `settle`, where statements run in turn, and, unless
 * it only reads, one transaction. Calls that the call makes run in it too (spec page 08, "Database" and "Nested calls").
 */
export interface CallSession {
  readonly readOnly: boolean;
  /** Runs SQL that a TypeScript body wrote. */
  readonly query: (
    sql: string,
    params: JsonObject | readonly Json[],
    rights: AuthorRights,
    call: RunCall,
  ) => Promise<readonly JsonObject[]>;
  /** Runs a checked SQL body. Its `settle` does nothing: the session's ends the transaction. */
  readonly run: (body: PreparedBody, args: JsonObject, call: RunCall) => Promise<Execution>;
  /** Ends the transaction and gives the connection back. Exactly once; throws as `Execution.settle` does. */
  readonly settle: (commit: boolean) => Promise<void>;
}

/** Where sessions are opened. */
export interface SessionSite extends RunSite {
  readonly checkText: CheckText;
}

const settled = (): Promise<void> => Promise.resolve();

/** A session that takes nothing yet: a connection is leased at the first use. */
export function openCallSession(site: SessionSite, readOnly: boolean, signal: StopSignal): CallSession {
  let lease: Promise<Lease> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let running: Promise<unknown> = Promise.resolve();
  let reusable = readOnly;
  let open = true;
  let stuck = false;

  const take = async (asking: StopSignal): Promise<Lease> => {
    const taken = await leaseFor(site, readOnly ? 'pooled' : 'own', asking);
    try {
      if (!readOnly) await taken.session.connection.run('BEGIN TRANSACTION');
      return taken;
    } catch (error) {
      taken.giveBack('close');
      throw toExecuteError(error);
    }
  };
  const inTurn = <T>(call: RunCall, work: (lease: Lease) => Promise<T>): Promise<T> => {
    const mine = last.then(async () => {
      if (!open || stuck)
        throw new ExecuteFailedError('The call has ended; its database cannot be used any more');
      lease ??= take(call.signal);
      return work(await lease);
    });
    last = mine.catch(() => undefined);
    return mine;
  };
  const fail = (held: Lease, error: unknown, call: RunCall): MxcpError => {
    reusable = false;
    site.instance.health.note(error);
    stuck ||= call.signal.aborted;
    if (stuck) {
      held.abandon();
      call.outlives?.(running);
    }
    return toExecuteError(error);
  };
  const execute = async (
    held: Lease,
    source: RunnableSource,
    args: JsonObject,
    call: RunCall,
  ): Promise<StatementsResult> => {
    const work = runOn(site, held, source, args, call);
    running = work.catch(() => undefined);
    try {
      const result = await interruptible(held.session.connection, call.signal, work);
      reusable &&= result.complete;
      return result;
    } catch (error) {
      throw fail(held, error, call);
    }
  };
  /** Gives the connection back when nothing uses it any more, which closes it: that rolls back. */
  const giveUp = async (): Promise<void> => {
    await last;
    await running;
    const held = await lease?.catch(() => undefined);
    held?.giveBack('close');
  };

  return {
    readOnly,
    query: (sql, params, rights, call) => {
      const statements = site.checkText(sql, rights);
      const { args, binders } = authorArguments(params);
      return inTurn(call, async (held) => (await execute(held, { statements, binders }, args, call)).rows);
    },
    run: async (body, args, call) => {
      if (readOnly && body.effects === 'write')
        throw new ExecuteFailedError('An endpoint with `readOnlyHint: true` calls one that writes');
      if (body.kind === 'sql' && body.connection === 'alone')
        throw new ExecuteFailedError('An endpoint that attaches databases cannot be called by another one');
      if (call.undoable === true && !body.transactional)
        throw new ExecuteFailedError(
          'A rule may deny the call above this one, whose SQL cannot be rolled back',
        );
      const run = (source: RunnableSource, values: JsonObject, kind: LeaseKind): Promise<Execution> => {
        reusable &&= kind === 'pooled'; // it leaves settings, variables or temporary tables behind
        return inTurn(call, async (held) => ({
          ...(await execute(held, source, values, call)),
          settle: settled,
        }));
      };
      return body.kind === 'sql' ? run(body, args, body.connection) : runBuiltinWith(site, body, args, run);
    },
    settle: async (commit) => {
      open = false;
      if (!signal.aborted) await last;
      if (signal.aborted || stuck) {
        void giveUp();
        if (!commit) return;
        throwIfStopped(signal);
        throw new ExecuteFailedError('A statement of the call was stopped; nothing was written');
      }
      const held = await lease?.catch(() => undefined);
      if (held === undefined) return;
      if (readOnly) held.giveBack(reusable ? 'keep' : 'close');
      else await settleLease(site, held, commit);
    },
  };
}
