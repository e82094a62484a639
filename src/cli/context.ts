import type { createColors } from 'picocolors';
import type { Readable, Writable } from 'node:stream';

/** 0 ok; 1 the thing asked for failed; 2 usage; 3 invalid project or configuration; 4 found something (spec page 10). */
export type ExitCode = 0 | 1 | 2 | 3 | 4;

/** Where text goes. A terminal says so and knows its width. */
export interface TextSink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What a program finds around it: everything that a command may touch beside the file system. */
export interface World {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** Carries results, or the protocol when a site is served over stdio. */
  readonly stdout: Writable & TextSink;
  readonly stderr: TextSink;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
  /** How this program was started, without the command: the executable and its first arguments. */
  readonly launch: readonly string[];
  /**
   * Aborts on SIGINT, on SIGTERM and when stdout is closed at the other end. Asking for it takes over the signals'
   * default action, so only a command that ends on it asks.
   */
  readonly interrupts: () => AbortSignal;
}

/** Options that every command has. */
export interface CommonOptions {
  readonly site?: string;
  readonly profile?: string;
  readonly config?: string;
  /** Whether a `.env` beside the site file is read. */
  readonly envFile: boolean;
  readonly json: boolean;
  readonly debug: boolean;
  readonly quiet: boolean;
}

export type Colors = ReturnType<typeof createColors>;

/** What a command is a function of, beside its own arguments and options. */
export interface Context {
  readonly world: World;
  readonly options: CommonOptions;
  /** Colours for text on stdout, and on stderr; without effect where colours are not wanted. */
  readonly colors: { readonly stdout: Colors; readonly stderr: Colors };
}

/** Runs a command's work with the context of this invocation; a thrown error is presented and becomes the exit code. */
export type Invoke = (work: (context: Context) => Promise<ExitCode>) => Promise<void>;
