import { lostError } from './body-error.js';
import type { BodyHost } from './body-host.js';
import { hideSaid } from './hide-said.js';
import {
  maxTells,
  openCall,
  type CallMessage,
  type OpenCall,
  type OpenQuestions,
  type Run,
} from './open-call.js';
import type { FromWorker, ToWorker, WorkerResult } from './protocol.js';
import { HostileMessage, readMessage } from './read-message.js';
import { siteCall } from './site-host.js';
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
  readonly processorMs: WorkerLink['processorMs'];
  readonly setNiceness: WorkerLink['setNiceness'];
  readonly kill: WorkerLink['kill'];
  readonly ended: Promise<WorkerEnd>;
}

/** What a worker tells beside its calls. */
export interface WorkerEvents {
  /** What plugins and hooks ask outside of a call; gives the answer, and throws `HostileMessage`. */
  readonly site: (message: CallMessage) => ToWorker | undefined;
  readonly loaded: (message: FromWorker & { type: 'loaded' }) => void;
  readonly output: (line: string) => void;
}

/** What is known of a worker. `dirty`: it must not get another call. */
interface State {
  readonly calls: Map<number, OpenCall>;
  readonly open: OpenQuestions;
  numbers: number;
  /** Messages that named no open call. */
  strays: number;
  dirty: boolean;
  /** Of the call that ended last: what it printed may be on its way. */
  hideLast: BodyHost['hide'];
  end: WorkerEnd | undefined;
}

/** Bytes that a message may have now: results of the calls that run may be large. */
function maxMessageBytes({ calls }: State): number {
  const results = [...calls.values()].map(({ maxBytes }) => maxBytes * escaped + 65_536);
  return Math.max(smallMessage, ...results);
}

type Kill = WorkerLink['kill'];
type Line = Pick<BodyWorker, 'send' | 'kill'>;

/** Starts what a worker is made of. */
export type StartLink = (options: LinkOptions, events: LinkEvents) => WorkerLink;

function disturbed(kill: Kill, error: unknown): void {
  kill('hostile', error instanceof HostileMessage ? error.message : 'a message that nothing could take');
}

/** Throws `HostileMessage`. */
function receive(
  state: State,
  message: FromWorker,
  length: number,
  events: WorkerEvents,
  { send, kill }: Line,
): void {
  if (message.type === 'loaded') {
    events.loaded(message);
    return;
  }
  if (message.type === 'fatal') {
    const { failure } = message;
    state.end ??= { reason: 'uncaught', detail: failure.name, failure };
    kill('uncaught', failure.name);
    return;
  }
  if (message.call === siteCall) {
    const answer = events.site(message);
    if (answer) send(answer);
    return;
  }
  const call = state.calls.get(message.call);
  if (call === undefined) {
    state.strays += 1;
    if (state.strays > maxTells) throw new HostileMessage('A worker talks without a call');
    return;
  }
  if (message.type === 'done' || message.type === 'failed') state.dirty ||= message.busy;
  call.receive(message, length).catch((error: unknown) => disturbed(kill, error));
}

/** Without the tokens that the calls of this worker were given: one passes them on to another. */
function hideTokens<T>({ calls, hideLast }: State, said: T): T {
  let left = hideLast(said);
  for (const { hide } of calls.values()) left = hide(left);
  return left;
}

function receiveText(state: State, text: string, events: WorkerEvents, line: Line): void {
  try {
    const message = hideSaid(readMessage(text), (said) => hideTokens(state, said));
    receive(state, message, text.length, events, line);
  } catch (error) {
    disturbed(line.kill, error);
  }
}

function endCalls(state: State, told: WorkerEnd): WorkerEnd {
  state.end ??= told;
  for (const call of state.calls.values()) call.fail(lostError(state.end));
  return state.end;
}

async function runIn(state: State, wanted: Run, { send, kill }: Line): Promise<WorkerResult> {
  if (state.end !== undefined) throw lostError(state.end);
  state.numbers += 1;
  const number = state.numbers;
  const call = openCall(number, wanted, state.open, send, () =>
    kill('stopped', 'it did not stop when its call did'),
  );
  state.calls.set(number, call);
  return call.result.finally(() => {
    state.calls.delete(number);
    state.hideLast = call.hide;
  });
}

/** Starts a worker and keeps its calls apart: a message that names no open call is dropped. */
export function startWorker(
  start: StartLink,
  options: Omit<LinkOptions, 'maxMessageBytes'>,
  events: WorkerEvents,
): BodyWorker {
  const state: State = {
    calls: new Map(),
    open: { characters: 0 },
    numbers: 0,
    strays: 0,
    dirty: false,
    hideLast: (said) => said,
    end: undefined,
  };
  let tellEnd: (end: WorkerEnd) => void;
  const ended = new Promise<WorkerEnd>((resolve) => (tellEnd = resolve));
  const send = (message: ToWorker): void => {
    if (state.end === undefined) link.send(JSON.stringify(message));
  };
  const kill: Kill = (reason, detail) => {
    state.dirty = true; // it takes some milliseconds to go
    link.kill(reason, detail);
  };
  const link = start(
    { ...options, maxMessageBytes: () => maxMessageBytes(state) },
    {
      text: (text) => receiveText(state, text, events, { send, kill }),
      output: (line) => events.output(hideTokens(state, line)),
      end: (told) => tellEnd(endCalls(state, told)),
    },
  );
  return {
    send,
    run: (wanted) => runIn(state, wanted, { send, kill }),
    usable: () => state.end === undefined && !state.dirty,
    residentBytes: link.residentBytes,
    processorMs: link.processorMs,
    setNiceness: link.setNiceness,
    kill,
    ended,
  };
}
