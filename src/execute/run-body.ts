import type { DuckDBConnection } from '@duckdb/node-api';
import { ExecuteCommitError, ExecuteConflictError } from '../errors.js';
import type { StopSignal } from '../lib/stop-signal.js';
import type { RequestContext } from '../model/call.js';
import type { Caller } from '../model/caller.js';
import type { ResultColumn } from '../model/effects.js';
import type { Limits } from '../model/endpoint.js';
import type { JsonObject } from '../model/json.js';
import { isConflict, isDurable, readFailure, toCallersError, toExecuteError } from './duckdb-error.js';
import { leaseFor, type RunSite } from './lease-for.js';
import { interruptible } from './guard.js';
import type { Lease, LeaseKind } from './pool.js';
import type { BodyStatement, PreparedSql } from './prepared-body.js';
import { runStatements, type StatementsResult } from './run-statements.js';
import type { Binder } from './bind-value.js';

/** What a run is told about its call. */
export interface RunCall {
  readonly caller: Caller;
  readonly request: Pick<RequestContext, 'headers'>;
  /** What `get_user_external_token()` gives. Secret. */
  readonly externalToken?: string;
  readonly limits: Pick<Limits, 'maxRows' | 'maxBytes' | 'maxScanRows' | 'onLimit'>;
  /** Aborts with the error that the call then fails with (deadline, cancellation, shutdown). */
  readonly signal: StopSignal;
  /** Rows that it refuses are dropped while they stream. Throws to fail the call. */
  readonly keepRow?: (row: JsonObject) => boolean;
  /** A call above may be denied after this one has run: it may do nothing that a rollback does not undo. */
  readonly undoable?: boolean;
  /** Hears of a query that may go on after its call has failed. */
  readonly outlives?: (work: Promise<unknown>) => void;
}

/** What a body gave. */
export interface Execution {
  readonly columns: readonly ResultColumn[];
  /** JSON already (spec page 03), with a null prototype. */
  readonly rows: readonly JsonObject[];
  readonly truncated: boolean;
  /**
   * Ends the transaction of a body that wrote. To be called exactly once; of a body that only read, everything is
   * already given back. Throws `ExecuteConflictError` or `ExecuteCommitError`: then nothing was written.
   */
  readonly settle: (commit: boolean) => Promise<void>;
}

/** A body, or a part of one, as statements with what binds their parameters. */
export interface Runnable {
  readonly statements: readonly BodyStatement[];
  readonly binders: ReadonlyMap<string, Binder>;
}

/** A body, or what makes one on the connection that will run it. */
export type RunnableSource = Runnable | ((connection: DuckDBConnection) => Promise<Runnable>);

const settled = (): Promise<void> => Promise.resolve();

/** Runs a checked SQL body for one call. Fails with one of the `EXECUTE_*` errors, `CALL_OVERLOADED`, or the abort's. */
export async function runSql(
  site: RunSite,
  body: PreparedSql,
  args: JsonObject,
  call: RunCall,
): Promise<Execution> {
  if (body.effects === 'write') return runWriting(site, body, args, call, body.connection);
  return runReading(site, body, args, call, body.connection);
}

/** Runs statements that change nothing that lasts. Only a connection whose result was read to its end is used again. */
export async function runReading(
  site: RunSite,
  body: RunnableSource,
  args: JsonObject,
  call: RunCall,
  connection: LeaseKind,
): Promise<Execution> {
  const lease = await leaseFor(site, connection, call.signal);
  const work = runOn(site, lease, body, args, call);
  void work.then(
    (result) => lease.giveBack(connection === 'pooled' && result.complete ? 'keep' : 'close'),
    () => lease.giveBack('close'),
  );
  const { columns, rows, truncated } = await finish(site, lease, call, work);
  return { columns, rows, truncated, settle: settled };
}

/** Runs in a transaction that `settle` ends. The connection is closed afterwards, whatever happens. */
async function runWriting(
  site: RunSite,
  body: Runnable,
  args: JsonObject,
  call: RunCall,
  connection: LeaseKind,
): Promise<Execution> {
  const lease = await leaseFor(site, connection, call.signal);
  const work = begin(lease).then(() => runOn(site, lease, body, args, call));
  const ended = work.then(
    () => undefined,
    () => lease.giveBack('close'),
  );
  try {
    const { columns, rows, truncated } = await finish(site, lease, call, work);
    return { columns, rows, truncated, settle: (commit) => settleLease(site, lease, commit) };
  } catch (error) {
    void ended.then(() => lease.giveBack('close'));
    throw error;
  }
}

async function begin(lease: Lease): Promise<void> {
  await lease.session.connection.run('BEGIN TRANSACTION');
}

/**
 * Ends the transaction of a lease and gives it back. Closing a connection rolls its transaction back. A COMMIT that has
 * begun is waited for beyond any deadline: only its outcome says what is to be on record.
 */
export async function settleLease(site: RunSite, lease: Lease, commit: boolean): Promise<void> {
  try {
    await lease.session.connection.run(commit ? 'COMMIT' : 'ROLLBACK');
  } catch (error) {
    site.instance.health.note(error);
    const failure = readFailure(error);
    if (!commit || isDurable(failure)) return;
    if (isConflict(failure)) {
      throw new ExecuteConflictError('Another call changed the same rows at the same time', { cause: error });
    }
    const written =
      failure.type === 'FATAL' ? 'what was written shows after a restart' : 'nothing was written';
    throw new ExecuteCommitError(`COMMIT failed; ${written}`, { cause: error });
  } finally {
    lease.giveBack('close');
  }
}

/** Runs statements on a leased session, whose functions of the caller answer for this call meanwhile. */
export async function runOn(
  site: RunSite,
  lease: Lease,
  body: RunnableSource,
  args: JsonObject,
  call: RunCall,
): Promise<StatementsResult> {
  const { session } = lease;
  const { callers } = site.instance;
  callers.enter(session.id, call);
  try {
    if (typeof body !== 'function')
      return await runStatements(session, body.statements, { ...call, args, binders: body.binders });
    return await body(session.connection)
      .then(({ statements, binders }) => runStatements(session, statements, { ...call, args, binders }))
      .catch((error: unknown) => {
        throw toCallersError(error);
      });
  } finally {
    callers.leave(session.id);
  }
}

async function finish(
  site: RunSite,
  lease: Lease,
  call: RunCall,
  work: Promise<StatementsResult>,
): Promise<StatementsResult> {
  try {
    return await interruptible(lease.session.connection, call.signal, work);
  } catch (error) {
    site.instance.health.note(error);
    lease.abandon();
    call.outlives?.(work);
    throw toExecuteError(error);
  }
}
