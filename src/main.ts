import type { ExitCode } from './cli/context.js';
import { keepMemoryPrivate } from './cli/keep-memory-private.js';
import { processWorld } from './cli/process-world.js';
import { runCli } from './cli/run-cli.js';
import { isWorkLeftBehind } from './lib/left-behind.js';

/** Resolves when all that was written has left, or has failed to and this is known. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0 || stream.destroyed) setImmediate(resolve);
    else stream.write('', () => setImmediate(resolve));
  });
}

/** A result of which something is missing is no success. */
function endingOf(code: ExitCode, lost: string | undefined): ExitCode {
  if (lost === undefined) return code;
  process.stderr.write(`error The output could not be written (${lost})\n`);
  return code === 0 ? 1 : code;
}

/** Ends the process by SIGTERM's default action: `process.exit` waits for threads, also for those that nobody can stop. */
function endAtOnce(): void {
  process.stderr.write('A query that cannot be stopped still runs: ending by SIGTERM\n');
  process.removeAllListeners('SIGTERM');
  process.kill(process.pid, 'SIGTERM');
}

/**
 * Runs the program with this process's arguments and streams, and ends the process with its exit code, or by SIGTERM (143)
 * when a query goes on that nobody can stop. Everything is on record and on disk by then.
 */
export async function main(): Promise<void> {
  const exposed = keepMemoryPrivate();
  if (exposed !== undefined) process.stderr.write(`${exposed}\n`);
  const world = processWorld();
  const ran = await runCli(process.argv.slice(2), world);
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  const code = endingOf(ran, world.lostOutput());
  if (isWorkLeftBehind()) endAtOnce();
  else process.exit(code);
}
