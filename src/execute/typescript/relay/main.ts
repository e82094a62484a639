import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { startProcess } from '../process-link.js';
import { startThread } from '../thread-link.js';
import type { LinkEvents } from '../worker-link.js';
import type { FromRelay, RelayStart, ToRelay } from './relay-link.js';

/** How often the worker is weighed, milliseconds. */
const weighEveryMs = 25;
/** How `udf` and its answers begin: these go to whoever waits for them with the server's thread stopped. */
const udf = '{"type":"udf"';
/** How a line for the log begins, which may be lost. */
const told = '{"type":"tell"';
/** Characters of messages that the server's thread has not taken yet, beyond which it is sent no line for the log. */
const maxToldUnheard = 262_144;
/** The same for anything else: lines for the log are in nobody's way. */
const maxUnheard = 2 * maxToldUnheard;

function serve(port: MessagePort, start: RelayStart): void {
  const { answers, arrived, isolation, maxMessageBytes } = start;
  const flag = new Int32Array(arrived);
  const tell = (message: FromRelay): void => port.postMessage(message);
  const wake = (text: string | null): void => {
    answers.postMessage(text);
    Atomics.add(flag, 0, 1);
    Atomics.notify(flag, 0);
  };
  let owed = 0;
  let unheard = 0;
  const answer = (text: string): void => {
    owed -= 1;
    if (owed < 0) link.kill('hostile', 'it answers what nobody asked');
    else wake(text);
  };
  const pass = (text: string): void => {
    const mayBeLost = text.startsWith(told);
    if (mayBeLost ? unheard + text.length <= maxToldUnheard : unheard <= maxUnheard) {
      unheard += text.length;
      tell({ text });
    } else if (!mayBeLost) link.kill('hostile', 'it talks without end');
  };
  const events: LinkEvents = {
    text: (text) => (text.startsWith(udf) ? answer(text) : pass(text)),
    output: (output) => tell({ output }),
    end: (end) => {
      clearInterval(scales);
      wake(null);
      tell({ end });
    },
  };
  const options = { ...start.options, maxMessageBytes: () => maxMessageBytes };
  const link = (isolation === 'thread' ? startThread : startProcess)(options, events);
  const scales = setInterval(() => {
    if ((link.residentBytes() ?? 0) > options.memoryBytes)
      link.kill('memory', 'resident memory above the limit');
  }, weighEveryMs);
  port.on('message', (message: ToRelay) => {
    if ('send' in message) {
      if (message.send.startsWith(udf)) owed += 1;
      link.send(message.send);
    } else if ('heard' in message) unheard -= message.heard;
    else link.kill(message.kill, message.detail);
  });
}

if (parentPort) serve(parentPort, workerData as RelayStart);
