import { CancelledError, isMxcpError, toMxcpError, type MxcpError } from '../../errors.js';
import type { JsonObject } from '../../model/json.js';
import { bodyError } from './body-error.js';
import type { BodyHost } from './body-host.js';
import type { CallFacts, FromWorker, ToWorker, WorkerResult } from './protocol.js';
import { HostileMessage } from './read-message.js';
import { serveAsk, serveTell } from './serve-ask.js';

/** How long a body may take to end by itself after it was told to, milliseconds. */
const graceMs = 100;
/** Questions that a call may have open, and things that it may tell. One that passes them is out of its mind. */
const maxOpenAsks = 10_000;
export const maxTells = 20_000;

/** One run of a body. */
export interface Run {
  readonly module: number;
  readonly args: JsonObject;
  readonly facts: CallFacts;
  readonly host: BodyHost;
  /** Aborts with the error that the run then fails with. */
  readonly signal: AbortSignal;
}

/** What a worker sends about one call. */
export type CallMessage = Extract<FromWorker, { readonly call: number }>;

/** A run that has begun. */
export interface OpenCall {
  readonly maxBytes: number;
  readonly result: Promise<WorkerResult>;
  /** Rejects with `HostileMessage`. */
  readonly receive: (message: CallMessage) => Promise<void>;
  readonly fail: (error: MxcpError) => void;
}

/** The error that an aborted run fails with: the signal's reason when it is one of ours. */
function reasonOf({ reason }: AbortSignal): MxcpError {
  return isMxcpError(reason) ? reason : new CancelledError('The call was cancelled', { cause: reason });
}

async function answer(
  { host }: Run,
  { call, ask, operation, input }: CallMessage & { type: 'ask' },
  refusals: Map<number, MxcpError>,
): Promise<ToWorker> {
  try {
    return { type: 'answer', call, ask, value: await serveAsk(host, operation, input) };
  } catch (error) {
    if (error instanceof HostileMessage) throw error;
    const known = toMxcpError(error);
    refusals.set(ask, known);
    return { type: 'refusal', call, ask, code: known.code, message: known.message };
  }
}

/**
 * Begins a run in a worker. When its signal aborts the body is told; when it has not ended 100 ms later, `stop` has to end
 * the worker.
 */
export function openCall(
  number: number,
  run: Run,
  send: (message: ToWorker) => void,
  stop: () => void,
): OpenCall {
  const { signal, module, args, facts, host } = run;
  const refusals = new Map<number, MxcpError>();
  let asks = 0;
  let tells = 0;
  let settle: { resolve: (result: WorkerResult) => void; reject: (error: MxcpError) => void };
  const work = new Promise<WorkerResult>((resolve, reject) => (settle = { resolve, reject }));
  let grace: NodeJS.Timeout | undefined;
  const abort = (): void => {
    send({ type: 'abort', call: number, reason: reasonOf(signal).message });
    grace = setTimeout(() => {
      stop();
      settle.reject(reasonOf(signal));
    }, graceMs);
  };
  send({ type: 'run', call: number, module, args, facts });
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  const result = work
    .catch((error: unknown) => {
      throw signal.aborted ? reasonOf(signal) : error;
    })
    .finally(() => {
      clearTimeout(grace);
      signal.removeEventListener('abort', abort);
    });

  const receive = async (message: CallMessage): Promise<void> => {
    switch (message.type) {
      case 'ask': {
        asks += 1;
        if (asks > maxOpenAsks) throw new HostileMessage('A body asks without end');
        send(await answer(run, message, refusals));
        asks -= 1;
        return;
      }
      case 'tell':
        tells += 1;
        if (tells > maxTells) throw new HostileMessage('A body tells without end');
        serveTell(host, message.operation, message.input);
        return;
      case 'done':
        settle.resolve(message.result);
        return;
      case 'failed':
        settle.reject(bodyError(message.failure, refusals.get(message.failure.ask ?? -1)));
    }
  };
  return { maxBytes: facts.maxBytes, result, receive, fail: (error) => settle.reject(error) };
}
