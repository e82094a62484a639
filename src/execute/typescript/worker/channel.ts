import { Socket } from 'node:net';
import { parentPort } from 'node:worker_threads';
import { createFrameReader, encodeFrame } from '../frames.js';
import type { FromWorker, ToWorker, UdfAnswer } from '../protocol.js';

/** The descriptor of the only thing that a worker process shares with the server. */
const channelDescriptor = 3;

/** The worker's end of its line to the server. */
export interface Channel {
  readonly send: (message: FromWorker | UdfAnswer) => void;
  /** Calls `listener` for each message; ends the process when the server is gone. */
  readonly listen: (listener: (message: ToWorker) => void) => void;
}

/** Opens the line: a port in a thread, a socket in a process. */
export function openChannel(): Channel {
  if (parentPort) {
    const port = parentPort;
    return {
      send: (message) => port.postMessage(JSON.stringify(message)),
      listen: (listener) => void port.on('message', (text: string) => listener(JSON.parse(text) as ToWorker)),
    };
  }
  const socket = new Socket({ fd: channelDescriptor });
  const reader = createFrameReader(() => Number.MAX_SAFE_INTEGER);
  return {
    send: (message) => void socket.write(encodeFrame(JSON.stringify(message))),
    listen: (listener) => {
      socket.on('data', (chunk: Buffer) => {
        for (const text of reader.push(chunk)) listener(JSON.parse(text) as ToWorker);
      });
      socket.on('error', () => process.exit(0));
      socket.on('close', () => process.exit(0));
    },
  };
}
