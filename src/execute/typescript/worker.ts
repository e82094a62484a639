import { lostError } from './body-error.js';
import { maxTells, openCall, type OpenCall, type Run } from './open-call.js';
import type { FromWorker, ToWorker, WorkerResult } from './protocol.js';
import { HostileMessage, readMessage } from './read-message.js';
import type { LinkEvents, LinkOptions, WorkerEnd, WorkerLink } from './worker-link.js';

/** Bytes of a message that is no result. */
const smallMessage = 5 * 1024 * 1024;
/** Bytes of JSON text that one counted byte of a result can become: a control character is written as `\u0000`. */
const escaped = 6;

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

/** What a worker tells beside its calls. */
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
  const kill: WorkerLink['kill'] = (reason, detail) => {
    dirty = true; // it takes some milliseconds to go, and must not get another call meanwhile
    link.kill(reason, detail);
  };
  const disturbed = (error: unknown): void => {
    kill('hostile', error instanceof HostileMessage ? error.message : 'a message that nothing could take');
  };
  const maxMessageBytes = (): number => {
    const results = [...calls.values()].map(({ maxBytes }) => maxBytes * escaped + 65_536);
    return Math.max(smallMessage, ...results);
  };

  const receive = (message: FromWorker): void => {
    if (message.type === 'loaded') {
      events.loaded(message);
      return;
    }
    if (message.type === 'fatal') {
      end ??= { reason: 'uncaught', detail: message.failure.name, failure: message.failure };
      kill('uncaught', message.failure.name);
      return;
    }
    const call = calls.get(message.call);
    if (call === undefined) {
      strays += 1;
      if (strays > maxTells) throw new HostileMessage('A worker talks without a call');
      return;
    }
    if (message.type === 'done' || message.type === 'failed') dirty ||= message.busy;
    call.receive(message).catch(disturbed);
  };
  const link = start(
    { ...options, maxMessageBytes },
    {
      text: (text) => {
        try {
          receive(readMessage(text));
        } catch (error) {
          disturbed(error);
        }
      },
      output: events.output,
      end: (told) => {
        end ??= told;
        for (const call of calls.values()) call.fail(lostError(end));
        tellEnd(end);
      },
    },
  );

  const run = async (wanted: Run): Promise<WorkerResult> => {
    if (end !== undefined) throw lostError(end);
    numbers += 1;
    const number = numbers;
    const call = openCall(number, wanted, send, () => kill('stopped', 'it did not stop when its call did'));
    calls.set(number, call);
    return call.result.finally(() => calls.delete(number));
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
