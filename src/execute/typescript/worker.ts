import { CancelledError, isMxcpError, toMxcpError, type MxcpError } from '../../errors.js';
import type { JsonObject } from '../../model/json.js';
import { bodyError, lostError } from './body-error.js';
import type { BodyHost } from './body-host.js';
import type { CallFacts, FromWorker, ToWorker, WorkerResult } from './protocol.js';
import { HostileMessage, readMessage } from './read-message.js';
import { serveAsk, serveTell } from './serve-ask.js';
import type { WorkerEnd, WorkerLink } from './worker-link.js';
import type { LinkEvents, LinkOptions } from './worker-link.js';

/** How long a body may take to end by itself after it was told to, milliseconds. */
const graceMs = 100;
/** Questions that a call may have open, and things that it may tell. One that passes them is out of its mind. */
const maxOpenAsks = 10_000;
const maxTells = 20_000;
/** Bytes of a message that is no result. */
const smallMessage = 5 * 1024 * 1024;

/** One run of a body. */
export interface Run {
  readonly module: number;
  readonly args: JsonObject;
  readonly facts: CallFacts;
  readonly host: BodyHost;
  /** Aborts with the error that the run then fails with. */
  readonly signal: AbortSignal;
}

/** A started worker. Serves one call at a time, and the calls that this one makes. */
export interface BodyWorker {
  readonly send: (message: ToWorker) => void;
  readonly run: (run: Run) => Promise<WorkerResult>;
  /** True while it can take a call: it lives, and no call left anything running in it. */
  readonly usable: () => boolean;
  readonly residentBytes: WorkerLink['residentBytes'];
  readonly kill: WorkerLink['kill'];
  readonly ended: Promise<WorkerEnd>;
}

interface OpenCall {
  readonly run: Run;
  readonly resolve: (result: WorkerResult) => void;
  readonly reject: (error: MxcpError) => void;
  readonly refusals: Map<number, MxcpError>;
  open: number;
  tells: number;
}

/** What starting a worker needs beside its link. */
export interface WorkerEvents {
  readonly loaded: (message: FromWorker & { type: 'loaded' }) => void;
  readonly output: (line: string) => void;
}

/** Starts a worker and keeps its calls apart: a message that names no open call is dropped. */
export function startWorker(
  start: (options: LinkOptions, events: LinkEvents) => WorkerLink,
  options: Omit<LinkOptions, 'maxMessageBytes'>,
  events: WorkerEvents,
): BodyWorker {
  const calls = new Map<number, OpenCall>();
  let numbers = 0;
  let strays = 0;
  let dirty = false;
  let end: WorkerEnd | undefined;
  let tellEnd: (end: WorkerEnd) => void;
  const ended = new Promise<WorkerEnd>((resolve) => (tellEnd = resolve));
  const send = (message: ToWorker): void => {
    if (end === undefined) link.send(JSON.stringify(message));
  };
  const maxMessageBytes = (): number =>
    Math.max(smallMessage, ...[...calls.values()].map(({ run }) => run.facts.maxBytes * 2 + 65_536));

  const kill: WorkerLink['kill'] = (reason, detail) => {
    dirty = true; // it takes some milliseconds to go, and must not get another call meanwhile
    link.kill(reason, detail);
  };
  const answer = async (number: number, call: OpenCall, ask: FromWorker & { type: 'ask' }): Promise<void> => {
    call.open += 1;
    if (call.open > maxOpenAsks) throw new HostileMessage('A body asks without end');
    try {
      const value = await serveAsk(call.run.host, ask.operation, ask.input);
      send({ type: 'answer', call: number, ask: ask.ask, value });
    } catch (error) {
      if (error instanceof HostileMessage) throw error;
      const known = toMxcpError(error);
      call.refusals.set(ask.ask, known);
      send({ type: 'refusal', call: number, ask: ask.ask, code: known.code, message: known.message });
    } finally {
      call.open -= 1;
    }
  };
  const stray = (): void => {
    strays += 1;
    if (strays > maxTells) throw new HostileMessage('A worker talks without a call');
  };
  const receive = (message: FromWorker): void => {
    if (message.type === 'loaded') return events.loaded(message);
    if (message.type === 'fatal') {
      dirty = true;
      end ??= { reason: 'uncaught', detail: message.failure.name, failure: message.failure };
      return kill('uncaught', message.failure.name);
    }
    const call = calls.get(message.call);
    if (call === undefined) return stray();
    switch (message.type) {
      case 'ask':
        void answer(message.call, call, message).catch(disturbed);
        return;
      case 'tell':
        call.tells += 1;
        if (call.tells > maxTells) throw new HostileMessage('A body tells without end');
        return serveTell(call.run.host, message.operation, message.input);
      case 'done':
        dirty ||= message.busy;
        return call.resolve(message.result);
      case 'failed':
        dirty ||= message.busy;
        return call.reject(bodyError(message.failure, call.refusals.get(message.failure.ask ?? -1)));
    }
  };
  const disturbed = (error: unknown): void => {
    kill('hostile', error instanceof Error ? error.message : 'unreadable message');
  };
  const link = start(
    { ...options, maxMessageBytes },
    {
      text: (text) => {
        try {
          receive(readMessage(text));
        } catch (error) {
          if (!(error instanceof HostileMessage)) throw error;
          disturbed(error);
        }
      },
      output: events.output,
      end: (told) => {
        end ??= told;
        const error = lostError(end);
        for (const call of calls.values()) call.reject(error);
        tellEnd(end);
      },
    },
  );

  const run = (wanted: Run): Promise<WorkerResult> => {
    if (end !== undefined) return Promise.reject(lostError(end));
    numbers += 1;
    const number = numbers;
    let grace: NodeJS.Timeout | undefined;
    const reason = (): MxcpError =>
      isMxcpError(wanted.signal.reason)
        ? wanted.signal.reason
        : new CancelledError('The call was cancelled', { cause: wanted.signal.reason });
    const work = new Promise<WorkerResult>((resolve, reject) => {
      calls.set(number, { run: wanted, resolve, reject, refusals: new Map(), open: 0, tells: 0 });
    });
    const stop = (): void => {
      send({ type: 'abort', call: number, reason: reason().message });
      grace = setTimeout(() => {
        kill('stopped', 'it did not stop when its call did');
        calls.get(number)?.reject(reason());
      }, graceMs);
    };
    const { module, args, facts } = wanted;
    send({ type: 'run', call: number, module, args, facts });
    if (wanted.signal.aborted) stop();
    else wanted.signal.addEventListener('abort', stop, { once: true });
    return work
      .catch((error: unknown) => {
        throw wanted.signal.aborted ? reason() : error;
      })
      .finally(() => {
        clearTimeout(grace);
        wanted.signal.removeEventListener('abort', stop);
        calls.delete(number);
      });
  };

  return {
    send,
    run,
    usable: () => end === undefined && !dirty,
    residentBytes: link.residentBytes,
    kill,
    ended,
  };
}
