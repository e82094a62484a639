import { spawn, type ChildProcess } from 'node:child_process';
import { Duplex, Readable } from 'node:stream';
import { InternalError } from '../../errors.js';
import { readLines } from './bounded-lines.js';
import { createFrameReader, encodeFrame } from './frames.js';
import { inheritedDescriptors } from './inherited-descriptors.js';
import { openMeter } from './process-meter.js';
import { setNiceness } from './processor.js';
import { readFairly } from './read-fairly.js';
import { watchProcess } from './watchdog.js';
import {
  heapMegabytes,
  type LinkEvents,
  type LinkOptions,
  type WorkerEnd,
  type WorkerLink,
} from './worker-link.js';

/** Bytes of output per second that reach the log. */
const outputPerSecond = 65_536;

const flags = process.allowedNodeEnvironmentFlags;

/** Node's permission model: no writing, no reading elsewhere, no processes, threads, debugger or native addons. */
function permissionFlags(readable: readonly string[]): string[] {
  return [
    flags.has('--permission') ? '--permission' : '--experimental-permission',
    ...readable.map((folder) => `--allow-fs-read=${folder}/*`),
    ...(flags.has('--allow-net') ? ['--allow-net'] : []),
    // SQLite reads and writes files past the permission model.
    ...(flags.has('--experimental-sqlite') ? ['--no-experimental-sqlite'] : []),
  ];
}

function flagsFor({ memoryBytes, readable }: LinkOptions): string[] {
  return [
    ...permissionFlags(readable),
    `--max-old-space-size=${heapMegabytes(memoryBytes)}`,
    '--enable-source-maps',
    '--no-warnings',
  ];
}

function endOf(code: number | null, signal: string | null, said: string): WorkerEnd {
  if (/heap out of memory|Allocation failed/i.test(said))
    return { reason: 'memory', detail: 'the heap was full' };
  if (signal !== null) return { reason: 'signal', detail: signal };
  return { reason: 'exit', detail: `exit code ${code ?? 0}` };
}

/** The streams of a worker that was started. Throws when the system has no descriptors for them. */
function streamsOf(child: ChildProcess): { stdout: Readable; stderr: Readable; line: Duplex } {
  const { stdout, stderr } = child;
  const line = child.stdio[3];
  if (line instanceof Duplex && stdout instanceof Readable && stderr instanceof Readable)
    return { stdout, stderr, line };
  throw new InternalError('A worker was started without its streams');
}

type Kill = WorkerLink['kill'];

/** Gives what `readFairly` does. */
function listen(line: Duplex, maxBytes: () => number, text: (text: string) => void, kill: Kill): () => void {
  const reader = createFrameReader(maxBytes);
  line.on('error', () => undefined); // the process is gone or going; its end is told by `close`
  return readFairly(line, (chunk) => {
    try {
      for (const each of reader.push(chunk)) text(each);
    } catch (error) {
      kill('hostile', error instanceof Error ? error.message : 'unreadable message');
    }
  });
}

/**
 * Starts a worker in a process of its own (spec page 08, "Isolation"): nothing of the server's environment, no descriptor
 * but its line to the server and its outputs, which go to the log. In the session of the server: Linux may weigh sessions
 * against each other (autogroups), and then a priority counts within one only.
 */
export function startProcess(options: LinkOptions, events: LinkEvents): WorkerLink {
  const child = spawn(process.execPath, [...flagsFor(options), options.program, ...inheritedDescriptors()], {
    cwd: '/',
    env: { ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) child.once('exit', watchProcess(child.pid));
  const meter = openMeter(child.pid ?? 0);
  child.once('exit', meter.close);
  let said = '';
  let killed: WorkerEnd | undefined;
  let told = false;
  const end = (reason: WorkerEnd): void => {
    if (!told) events.end(killed ?? reason);
    told = true;
  };
  child.on('error', (error) => end({ reason: 'exit', detail: error.message }));
  child.once('close', (code, signal) => end(endOf(code, signal, said)));
  const { stdout, stderr, line } = streamsOf(child);
  const kill: Kill = (reason, detail) => {
    killed ??= { reason, detail };
    child.kill('SIGKILL');
  };
  const heard = (text: string): void => {
    if (killed === undefined) events.text(text);
  };
  // Nothing is told of a worker before its line has ended, and nothing else may keep this process alive while it rests.
  child.once('exit', listen(line, options.maxMessageBytes, heard, kill));
  readLines(stdout, outputPerSecond, events.output);
  readLines(stderr, outputPerSecond, (text) => {
    said = `${said}${text}\n`.slice(-4096);
    events.output(text);
  });
  return {
    send: (text) => {
      line.write(encodeFrame(text));
      if (line.writableLength > options.memoryBytes) kill('memory', 'it did not read what it asked for');
    },
    kill,
    residentBytes: meter.residentBytes,
    processorMs: meter.processorMs,
    setNiceness: (niceness) => child.pid !== undefined && setNiceness(child.pid, niceness),
  };
}
