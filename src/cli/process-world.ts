import type { World } from './context.js';

const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * The first signal asks the command to end; the second ends the process at once, by the signal's default action:
 * `process.exit` would wait for the threads of running queries. Records are on disk already by then.
 */
function watchSignals(controller: AbortController): void {
  for (const signal of signals) {
    process.on(signal, () => {
      if (!controller.signal.aborted) {
        controller.abort(new Error(`Stopped by ${signal}`));
        return;
      }
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    });
  }
}

/** The world of this process, and what came of its output. */
interface ProcessWorld extends World {
  /** Why something that was written to stdout is lost, `ENOSPC` for example. */
  readonly lostOutput: () => string | undefined;
}

/** The world of this process. To be made once. */
export function processWorld(): ProcessWorld {
  const controller = new AbortController();
  let watching = false;
  let lost: string | undefined;
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    // A reader that goes away (`mxcp list | head -1`) is no failure: what is left to say has nowhere to go.
    if (code === 'EPIPE') controller.abort(new Error('The reader of the output is gone'));
    else lost ??= code ?? message;
  });
  // A server goes on when its log cannot be written, and there is nobody to tell.
  process.stderr.on('error', () => undefined);
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    launch: [process.execPath, ...process.argv.slice(1, 2)],
    interrupts: () => {
      if (!watching) watchSignals(controller);
      watching = true;
      return controller.signal;
    },
    lostOutput: () => lost,
  };
}
