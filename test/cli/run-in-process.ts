import { PassThrough, Writable } from 'node:stream';
import { runCli } from '../../src/cli/run-cli.js';
import type { ExitCode, TextSink } from '../../src/cli/context.js';

export interface Ran {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
  /** The one JSON document on stdout. */
  readonly json: () => Record<string, unknown>;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly terminal?: boolean;
  readonly signal?: AbortSignal;
  readonly onStdout?: (text: string) => void;
  /** Called with everything that stderr has so far, at each write. */
  readonly onStderr?: (text: string) => void;
}

/** Runs the program in this process, with its own streams and environment. */
export async function mxcp(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const sink = (name: keyof typeof written): Writable & TextSink => {
    const stream = new Writable({
      decodeStrings: false,
      write: (chunk: string | Buffer, _encoding, done) => {
        written[name] += chunk.toString();
        if (name === 'stderr') options.onStderr?.(written.stderr);
        else options.onStdout?.(written.stdout);
        done();
      },
    });
    return Object.assign(stream, { isTTY: options.terminal ?? false, columns: 100 });
  };
  const stdin = Object.assign(new PassThrough(), { isTTY: options.terminal ?? false });
  stdin.end(options.stdin ?? '');
  const code = await runCli(args, {
    stdin,
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    env: options.env ?? {},
    cwd: options.cwd ?? process.cwd(),
    launch: ['node', '/opt/mxcp/launch.cjs'],
    interrupts: () => options.signal ?? new AbortController().signal,
  });
  return { code, ...written, json: () => JSON.parse(written.stdout) as Record<string, unknown> };
}
