import type { BodyFailure } from './protocol.js';

/** How a worker ended. `failure`: what it said last, of an error that nothing caught. */
export interface WorkerEnd {
  readonly reason: 'memory' | 'exit' | 'signal' | 'uncaught' | 'hostile' | 'stopped';
  readonly detail: string;
  readonly failure?: BodyFailure;
}

/** What a link tells. `text`: a message of the worker, unread. `output`: a line of its stdout or stderr. */
export interface LinkEvents {
  readonly text: (text: string) => void;
  readonly output: (line: string) => void;
  readonly end: (end: WorkerEnd) => void;
}

/** The server's end of its line to a worker, whatever the worker is made of. */
export interface WorkerLink {
  readonly send: (text: string) => void;
  /** Ends the worker at once, whatever it does. `end` is told within milliseconds, with this reason. */
  readonly kill: (reason: WorkerEnd['reason'], detail: string) => void;
  /** Bytes of resident memory; undefined where that cannot be told for this worker alone. */
  readonly residentBytes: () => number | undefined;
  /** Processor time that it has used, milliseconds; undefined as above. */
  readonly processorMs: () => number | undefined;
  /** Sets its priority as `nice` does; false when that is not possible. */
  readonly setNiceness: (niceness: number) => boolean;
}

/** A worker of which nothing can be told, nor set, by itself. */
export const unmeasured: Pick<WorkerLink, 'residentBytes' | 'processorMs' | 'setNiceness'> = {
  residentBytes: () => undefined,
  processorMs: () => undefined,
  setNiceness: () => false,
};

/** What workers are made with. */
export interface LinkOptions {
  readonly program: string;
  readonly memoryBytes: number;
  /** The whole environment of the worker. */
  readonly environment: Readonly<Record<string, string>>;
  /** Folders that a worker may read; it may write nowhere. */
  readonly readable: readonly string[];
  /** Bytes that one message of the worker may have now. */
  readonly maxMessageBytes: () => number;
}

/** Part of the limit that the heap of JavaScript may take; the rest is for code, stacks and buffers. */
export function heapMegabytes(memoryBytes: number): number {
  return Math.max(16, Math.floor((memoryBytes / 1_048_576) * 0.7));
}
