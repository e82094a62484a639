import { ExecuteFailedError, toMxcpError, type MxcpError } from '../../errors.js';
import { stopReason, throwIfStopped, type StopSignal } from '../../lib/stop-signal.js';
import type { Json, JsonObject } from '../../model/json.js';
import { bodyError } from './body-error.js';
import type { BodyHost } from './body-host.js';
import type { CallFacts, FromWorker, ToWorker, WorkerResult } from './protocol.js';
import { HostileMessage } from './read-message.js';
import { serveAsk, serveTell } from './serve-ask.js';

/** How long a body may take to end by itself after it was told to, milliseconds. */
const graceMs = 100;
/** Questions that a call may have open, and things that it may tell. One that passes them is out of its mind. */
const maxOpenAsks = 10_000;
/** Characters that the open questions of a worker may have: they are in the server's memory until they are answered. */
const maxOpenCharacters = 64 * 1024 * 1024;
export const maxTells = 20_000;

/** One run of a body. */
export interface Run {
  readonly module: number;
  readonly args: JsonObject;
  readonly facts: CallFacts;
  readonly host: BodyHost;
  /** Aborts with the error that the run then fails with. */
  readonly signal: StopSignal;
}

/** What a worker sends about one call. */
export type CallMessage = Extract<FromWorker, { readonly call: number }>;

/** A run that has begun. */
export interface OpenCall {
  readonly maxBytes: number;
  readonly result: Promise<WorkerResult>;
  /** `length`: characters that the message has. Rejects with `HostileMessage`. */
  readonly receive: (message: CallMessage, length: number) => Promise<void>;
  readonly fail: (error: MxcpError) => void;
  readonly hide: BodyHost['hide'];
}

type Send = (message: ToWorker) => void;

/** Refusals that a body can pass on: the latest ones. */
const maxRefusals = 1000;

/** What the calls of one worker have asked and not been answered yet. */
export interface OpenQuestions {
  characters: number;
}

/** What was counted and refused in one run. */
interface Tally {
  readonly open: OpenQuestions;
  readonly refusals: Map<number, MxcpError>;
  openAsks: number;
  tells: number;
  /** A lot of the result is being taken. */
  takesRows: boolean;
  /** Why a lot of the result was refused: the run fails with it, whatever the worker makes of the refusal. */
  refusedRows: MxcpError | undefined;
}

function remember({ refusals }: Tally, ask: number, error: MxcpError): void {
  refusals.set(ask, error);
  const [oldest] = refusals.keys();
  if (refusals.size > maxRefusals && oldest !== undefined) refusals.delete(oldest);
}

/** Takes a lot of the result, which may be large: the worker sends the next one when this is answered. */
async function takeRows(
  { host, signal }: Run,
  { input }: CallMessage & { type: 'ask' },
  tally: Tally,
): Promise<Json> {
  throwIfStopped(signal);
  if (tally.takesRows) throw new HostileMessage('A worker sends rows without end');
  tally.takesRows = true;
  try {
    return await serveAsk(host, 'rows', input);
  } finally {
    tally.takesRows = false;
  }
}

async function ask({ host }: Run, message: CallMessage & { type: 'ask' }, { open }: Tally): Promise<Json> {
  if (open.characters > maxOpenCharacters)
    throw new ExecuteFailedError('A body asks for too much at once: await some of it before asking for more');
  return serveAsk(host, message.operation, message.input);
}

async function answer(run: Run, message: CallMessage & { type: 'ask' }, tally: Tally): Promise<ToWorker> {
  const { call, ask: number, operation } = message;
  try {
    const value = await (operation === 'rows' ? takeRows : ask)(run, message, tally);
    return { type: 'answer', call, ask: number, value };
  } catch (error) {
    if (error instanceof HostileMessage) throw error;
    const known = toMxcpError(error);
    remember(tally, number, known);
    if (operation === 'rows') tally.refusedRows ??= known;
    return { type: 'refusal', call, ask: number, code: known.code, message: known.message };
  }
}

async function serve(
  run: Run,
  message: CallMessage & { type: 'ask' | 'tell' },
  length: number,
  tally: Tally,
  send: Send,
): Promise<void> {
  if (message.type === 'tell') {
    tally.tells += 1;
    if (tally.tells > maxTells) throw new HostileMessage('A body tells without end');
    serveTell(run.host, message.operation, message.input);
    return;
  }
  tally.openAsks += 1;
  tally.open.characters += length;
  if (tally.openAsks > maxOpenAsks) throw new HostileMessage('A body asks without end');
  try {
    send(await answer(run, message, tally));
  } finally {
    tally.openAsks -= 1;
    tally.open.characters -= length;
  }
}

/** Calls `told` when the signal aborts, and `late` when the run has not ended 100 ms later. The function returned ends that. */
function watch(signal: StopSignal, told: () => void, late: () => void): () => void {
  let grace: NodeJS.Timeout | undefined;
  const abort = (): void => {
    told();
    grace = setTimeout(late, graceMs);
  };
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return () => {
    clearTimeout(grace);
    signal.removeEventListener('abort', abort);
  };
}

/**
 * Begins a run in a worker. When its signal aborts the body is told; when it has not ended 100 ms later, `stop` has to end
 * the worker.
 */
export function openCall(
  call: number,
  run: Run,
  open: OpenQuestions,
  send: Send,
  stop: () => void,
): OpenCall {
  const { signal, module, args, facts } = run;
  const tally: Tally = {
    refusals: new Map(),
    open,
    openAsks: 0,
    tells: 0,
    takesRows: false,
    refusedRows: undefined,
  };
  let settle: { resolve: (result: WorkerResult) => void; reject: (error: MxcpError) => void };
  const work = new Promise<WorkerResult>((resolve, reject) => (settle = { resolve, reject }));
  send({ type: 'run', call, module, args, facts });
  const unwatch = watch(
    signal,
    () => send({ type: 'abort', call, reason: stopReason(signal).message }),
    () => {
      stop();
      settle.reject(stopReason(signal));
    },
  );
  const result = work
    .catch((error: unknown) => {
      throw signal.aborted ? stopReason(signal) : error;
    })
    .finally(unwatch);
  return {
    maxBytes: facts.maxBytes,
    result,
    receive: async (message, length) => {
      if (message.type === 'ask' || message.type === 'tell') return serve(run, message, length, tally, send);
      if (tally.refusedRows) settle.reject(tally.refusedRows);
      else if (message.type === 'done') settle.resolve(message.result);
      else settle.reject(bodyError(message.failure, tally.refusals.get(message.failure.ask ?? -1)));
    },
    fail: (error) => settle.reject(error),
    hide: run.host.hide,
  };
}
