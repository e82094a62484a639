import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

/** Each line that it reads is what lives now; when the server is gone, whatever it was killed by, that is killed. */
const program = `trap '' HUP INT TERM
while read -r line; do ids=$line; done
[ -z "$ids" ] || kill -9 $ids`;

const watched = new Set<number>();
let watchdog: Socket | undefined;
let warned = false;

function warn(reason: string): void {
  if (!warned)
    process.emitWarning(`TypeScript bodies in a loop would outlive a server that is killed: ${reason}`);
  warned = true;
}

/** A session of its own keeps it out of what a terminal or a supervisor does to the group of the server. */
function startWatchdog(): Socket | undefined {
  const child = spawn('/bin/sh', ['-c', program], {
    cwd: '/',
    env: {},
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.on('error', ({ message }) => warn(message));
  const line: unknown = child.stdin;
  if (!(line instanceof Socket)) return undefined; // the system has no descriptor for it
  const gone = (): void => {
    if (watchdog === line) watchdog = undefined; // the next worker starts another one
  };
  child.once('exit', gone);
  line.on('error', gone);
  child.unref();
  line.unref();
  return line;
}

function tell(): void {
  if (watched.size > 0) (watchdog ??= startWatchdog())?.write(`${[...watched].join(' ')}\n`);
  else {
    watchdog?.end('\n');
    watchdog = undefined;
  }
}

/**
 * From here until the function returned is called, a process dies with this one, also when this one is killed and that one is
 * in a loop and does not notice. One small process does it for all of them. Not on Windows.
 */
export function watchProcess(pid: number): () => void {
  if (process.platform === 'win32') return () => undefined;
  watched.add(pid);
  tell();
  return () => {
    if (watched.delete(pid)) tell();
  };
}
