import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';
import type { BodySettings } from '../../../model/settings.js';
import { fairShare } from '../read-fairly.js';
import {
  unmeasured,
  type LinkEvents,
  type LinkOptions,
  type WorkerEnd,
  type WorkerLink,
} from '../worker-link.js';

/** What a relay is started with. */
export interface RelayStart {
  readonly options: Omit<LinkOptions, 'maxMessageBytes'>;
  readonly isolation: BodySettings['isolation'];
  readonly maxMessageBytes: number;
  /** Where answers go, or null when there will be none. */
  readonly answers: MessagePort;
  /** Counts them, so that a thread can wait for one. */
  readonly arrived: SharedArrayBuffer;
}

/** `heard`: characters of messages that were taken. */
export type ToRelay =
  | { readonly send: string }
  | { readonly heard: number }
  | { readonly kill: WorkerEnd['reason']; readonly detail: string };

export type FromRelay = { readonly text: string } | { readonly output: string } | { readonly end: WorkerEnd };

/** A link to a worker that can also be waited for with this thread stopped. */
export interface RelayLink extends WorkerLink {
  /** Sends a message and waits for its answer; undefined when there is none within the time, in milliseconds. */
  readonly exchange: (text: string, ms: number) => string | undefined;
}

function waitFor(answers: MessagePort, flag: Int32Array, seen: number, ms: number): string | undefined {
  const deadline = performance.now() + ms;
  for (let known = seen; ; known = Atomics.load(flag, 0)) {
    const found = receiveMessageOnPort(answers);
    if (found) return typeof found.message === 'string' ? found.message : undefined;
    const left = deadline - performance.now();
    if (left <= 0) return undefined;
    Atomics.wait(flag, 0, known, left);
  }
}

/**
 * Starts a worker behind a thread of our own, `program`, which goes on listening to it while this thread waits: only so
 * can a deadline end the wait. Nothing of the site's runs in that thread.
 */
export function startRelay(
  program: string,
  isolation: BodySettings['isolation'],
  options: LinkOptions,
  events: LinkEvents,
): RelayLink {
  const { maxMessageBytes, ...plain } = options;
  const { port1, port2 } = new MessageChannel();
  const arrived = new SharedArrayBuffer(4);
  const flag = new Int32Array(arrived);
  const start: RelayStart = {
    options: plain,
    isolation,
    maxMessageBytes: maxMessageBytes(),
    answers: port2,
    arrived,
  };
  const relay = new Worker(program, { workerData: start, transferList: [port2], env: {}, execArgv: [] });
  let ended = false;
  const end = (told: WorkerEnd): void => {
    if (ended) return;
    ended = true;
    port1.close();
    void relay.terminate();
    events.end(told);
  };
  const tell = (message: ToRelay): void => {
    if (!ended) relay.postMessage(message);
  };
  const spend = fairShare();
  const hear = (text: string): void => {
    const restMs = spend(() => events.text(text));
    const heard = (): void => tell({ heard: text.length });
    if (restMs === 0) heard();
    else setTimeout(heard, restMs).unref();
  };
  relay.on('message', (message: FromRelay) => {
    if ('text' in message) hear(message.text);
    else if ('output' in message) events.output(message.output);
    else end(message.end);
  });
  relay.on('error', (error) => end({ reason: 'exit', detail: error.message }));
  relay.on('exit', () => end({ reason: 'exit', detail: 'its relay ended' }));
  return {
    send: (send) => tell({ send }),
    kill: (kill, detail) => tell({ kill, detail }),
    ...unmeasured,
    exchange: (send, ms) => {
      const seen = Atomics.load(flag, 0);
      tell({ send });
      return ended ? undefined : waitFor(port1, flag, seen, ms);
    },
  };
}
