import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { startProcess } from '../process-link.js';
import { startThread } from '../thread-link.js';
import type { LinkEvents } from '../worker-link.js';
import type { FromRelay, RelayStart, ToRelay } from './relay-link.js';

/** How often the worker is weighed, milliseconds. */
const weighEveryMs = 25;
/** How answers to `udf` begin: they go to whoever waits for them with the server's thread stopped. */
const answer = '{"type":"udf"';

function serve(port: MessagePort, start: RelayStart): void {
  const { answers, arrived, isolation, maxMessageBytes } = start;
  const flag = new Int32Array(arrived);
  const tell = (message: FromRelay): void => port.postMessage(message);
  const wake = (text: string | null): void => {
    answers.postMessage(text);
    Atomics.add(flag, 0, 1);
    Atomics.notify(flag, 0);
  };
  const events: LinkEvents = {
    text: (text) => (text.startsWith(answer) ? wake(text) : tell({ text })),
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
    if ('send' in message) link.send(message.send);
    else link.kill(message.kill, message.detail);
  });
}

if (parentPort) serve(parentPort, workerData as RelayStart);
