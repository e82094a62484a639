import { Worker } from 'node:worker_threads';
import { pathToFileURL } from 'node:url';
import { readLines } from './bounded-lines.js';
import {
  heapMegabytes,
  unmeasured,
  type LinkEvents,
  type LinkOptions,
  type WorkerEnd,
  type WorkerLink,
} from './worker-link.js';

const outputPerSecond = 65_536;

/**
 * Starts a worker as a thread of the server: a faster round trip, and a weaker wall. A thread shares the server's memory
 * limit for buffers, its descriptors and its files; `process.kill` and a native crash end the server (spec page 08).
 */
export function startThread(options: LinkOptions, events: LinkEvents): WorkerLink {
  const worker = new Worker(pathToFileURL(options.program), {
    env: { ...options.environment },
    argv: [],
    execArgv: ['--enable-source-maps', '--no-warnings'],
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytes(options.memoryBytes) },
    stdout: true,
    stderr: true,
  });
  let ended: WorkerEnd | undefined;
  const kill = (reason: WorkerEnd['reason'], detail: string): void => {
    ended ??= { reason, detail };
    void worker.terminate();
  };
  worker.on('message', (text: unknown) => {
    if (ended !== undefined) return;
    if (typeof text !== 'string' || text.length > options.maxMessageBytes()) {
      kill('hostile', 'A message from a worker is too large');
    } else events.text(text);
  });
  readLines(worker.stdout, outputPerSecond, events.output);
  readLines(worker.stderr, outputPerSecond, events.output);
  worker.on('error', (error) => {
    const full = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
    ended ??= full
      ? { reason: 'memory', detail: 'the heap was full' }
      : { reason: 'uncaught', detail: error.name };
  });
  worker.once('exit', (code) => events.end(ended ?? { reason: 'exit', detail: `exit code ${code}` }));
  return { send: (text) => worker.postMessage(text), kill, ...unmeasured };
}
