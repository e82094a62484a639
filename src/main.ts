import { processWorld } from './cli/process-world.js';
import { runCli } from './cli/run-cli.js';

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0 || stream.destroyed) resolve();
    else stream.write('', () => resolve());
  });
}

/** Runs the program with this process's arguments and streams, and ends the process with its exit code. */
export async function main(): Promise<void> {
  const code = await runCli(process.argv.slice(2), processWorld());
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(code);
}
