import { ExecuteConflictError, InvalidResultError, PolicyDeniedError } from '../errors.js';
import type { StopSignal } from '../lib/stop-signal.js';
import type { ContentBlock } from '../model/content.js';
import type { Json, JsonObject } from '../model/json.js';
import type { Released } from '../model/outcome.js';
import type { RowFilter } from '../policy/row-filter.js';
import type { Subject } from '../policy/subject.js';
import type { ExecuteCall, Produced } from './executor.js';
import type { Operation } from './operation.js';
import { noteDecision, type Progress } from './progress.js';
import { releasedForm } from './released-form.js';

/** How a body is run; for the operator's own commands only. */
export interface BodyOptions {
  /** Whatever the body wrote is rolled back, also when it succeeded (`mxcp test`). */
  readonly rollback?: boolean;
  /** The declared return type is not checked (`mxcp run --skip-output-validation`). Rules hold all the same. */
  readonly skipResultCheck?: boolean;
}

/** One admitted, authorized call on its way through execute, checkResult, release and settle. */
export interface BodyRun {
  readonly progress: Progress;
  readonly operation: Operation;
  readonly subject: Subject;
  readonly args: JsonObject;
  readonly signal: StopSignal;
  readonly options: BodyOptions;
  /** What a body may use beside its arguments. */
  readonly around: Pick<
    ExecuteCall,
    'client' | 'tree' | 'undoable' | 'http' | 'externalToken' | 'callWithin' | 'outlives'
  >;
}

/** Runs of a body that met a write conflict, the first included (spec page 07). */
const maxAttempts = 4;

/**
 * Execute, check, release, settle (spec page 01, steps 3d to 3g). Repeats all of it after a write conflict where the
 * endpoint says that it is idempotent. Whatever fails rolls back.
 */
export async function runBody(run: BodyRun): Promise<Released> {
  const { endpoint } = run.operation;
  const idempotent = endpoint.kind !== 'prompt' && endpoint.annotations.idempotentHint === true;
  const ownTransaction = run.around.tree === undefined; // a call inside is repeated with the one that made it
  const repeatable = idempotent && ownTransaction;
  const before = run.progress.traces;
  for (let attempt = 1; ; attempt++) {
    try {
      return await runOnce(run);
    } catch (error) {
      if (!(error instanceof ExecuteConflictError) || !repeatable || attempt >= maxAttempts) throw error;
      run.signal.throwIfAborted();
      run.progress.traces = before;
      run.progress.events.length = 0;
      run.progress.business = undefined;
    }
  }
}

async function runOnce(run: BodyRun): Promise<Released> {
  const { operation, subject, args, signal } = run;
  const filter = operation.rules.rowFilter(subject, args);
  const produced = await executeFiltered(run, filter);
  let released: Released;
  try {
    released = await releaseChecked(run, produced, filter);
    signal.throwIfAborted();
  } catch (error) {
    await produced.settle(false);
    throw error;
  }
  await produced.settle(run.options.rollback !== true);
  return released;
}

/** A denial while rows stream is the rule's: it is noted like every other denial. */
async function executeFiltered(run: BodyRun, filter: RowFilter | undefined): Promise<Produced> {
  const { operation, args, subject, signal } = run;
  try {
    const { caller, request } = subject;
    const keepRow = filter && ((row: Json): boolean => filter.keep(row));
    return await operation.executor.execute(args, {
      caller,
      request,
      signal,
      ...(keepRow && { keepRow }),
      ...notesOf(run.progress),
      ...run.around,
    });
  } catch (error) {
    if (error instanceof PolicyDeniedError && filter) {
      const denied = await operation.rules.release(subject, args, [], signal, filter);
      noteDecision(run.progress, denied, 'output');
    }
    throw error;
  }
}

/** Lines of a record that one call can fill. */
const maxEvents = 100;

function notesOf(progress: Progress): Pick<ExecuteCall, 'callId' | 'noteEvent' | 'noteBusiness'> {
  return {
    callId: progress.callId,
    noteEvent: (event) => {
      if (progress.events.length < maxEvents) progress.events.push(event);
    },
    noteBusiness: (event) => {
      progress.business = { ...progress.business, ...event };
    },
  };
}

/**
 * Blocks cannot be masked by field: where a rule would change a value, they are denied (spec page 04, "Everything that
 * leaves").
 */
function releaseContent(run: BodyRun, blocks: readonly ContentBlock[]): Released {
  const { operation, subject, args, progress } = run;
  const { endpoint } = operation;
  if (endpoint.kind === 'resource')
    throw new InvalidResultError('The body of a resource returned blocks of content', '');
  if (endpoint.kind !== 'prompt' && endpoint.returns !== undefined && run.options.skipResultCheck !== true)
    throw new InvalidResultError('The body returned blocks of content, and a `return` type is declared', '');
  noteDecision(progress, operation.rules.releaseWhole(subject, args), 'output');
  return { form: 'content', blocks };
}

async function releaseChecked(
  run: BodyRun,
  produced: Produced,
  streamed: RowFilter | undefined,
): Promise<Released> {
  if (produced.content) return releaseContent(run, produced.content);
  const filter = Array.isArray(produced.response) ? streamed : undefined; // a single item is filtered as a whole
  const { operation, subject, args, progress, options } = run;
  const checked =
    options.skipResultCheck === true ? produced.response : operation.result.check(produced.response);
  const result = await operation.rules.release(subject, args, checked, run.signal, filter);
  noteDecision(progress, result.status === 'denied' ? result : { traces: result.traces }, 'output');
  progress.changed = result.status !== 'released' || result.changed;
  if (result.status !== 'released') return noResult(operation);
  return releasedForm(operation.endpoint, produced, result.value, result.changed);
}

/** A single item that a row rule dropped is as absent as one that the query did not find (spec page 03). */
function noResult({ result }: Operation): Released {
  const value = result.shapeRows([], []);
  return { form: 'value', value, json: JSON.stringify(value), truncated: false };
}
