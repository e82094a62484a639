import { ChildProcess } from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';

function refuser(reason: string): () => never {
  return () => {
    throw new Error(reason);
  };
}

const noSignals = refuser('A body may not send signals to other processes');
const noFiles = refuser('A body may not write files');
const noDatabase = refuser('A body may not open files by node:sqlite');

/** What reaches a file, or another process, without asking the permission model. Absent names: all that a module has. */
const taken: readonly (readonly [module: string, refuse: () => never, names?: readonly string[]])[] = [
  ['node:sqlite', noDatabase],
  ['node:trace_events', noFiles],
  // Flags of the engine name files that it writes; the other one writes the heap when it is nearly full.
  ['node:v8', noFiles, ['setFlagsFromString', 'setHeapSnapshotNearHeapLimit']],
  ['node:os', noSignals, ['setPriority']],
];

/** Not every Node has every module, or a flag that takes it away. */
function closeModules(): void {
  for (const [module, refuse, names] of taken) {
    const found: unknown = process.getBuiltinModule(module);
    if (typeof found !== 'object' || found === null) continue;
    for (const name of names ?? Object.keys(found))
      Object.defineProperty(found, name, { value: refuse, configurable: false, writable: false });
  }
  syncBuiltinESMExports();
}

function fix(name: string, value: unknown): void {
  Object.defineProperty(process, name, { value, configurable: false, writable: false });
}

/** A report can be read, and not be written: the settings of reports about crashes name any file. */
function closeReports(): void {
  const { report } = process;
  fix(
    'report',
    Object.freeze({ getReport: (error?: Error) => report.getReport(error), writeReport: noFiles }),
  );
}

/** A body may end its own process only; among the signals is the one that opens a debugger in the server. */
function closeSignals(): void {
  const own = process.pid;
  const kill: unknown = Reflect.get(process, '_kill');
  if (typeof kill === 'function') {
    fix('_kill', (pid: unknown, signal: unknown): unknown => {
      if (pid !== own) return noSignals();
      const result: unknown = Reflect.apply(kill, process, [own, signal]);
      return result;
    });
  }
  for (const name of ['_debugProcess', '_debugEnd']) if (name in process) fix(name, noSignals);
}

function closeMethod(owner: object, name: string, refuse: () => never): void {
  const handle: unknown = Reflect.get(owner, '_handle');
  if (typeof handle !== 'object' || handle === null) throw new Error('Node keeps its handles elsewhere');
  const prototype = Object.getPrototypeOf(handle) as object;
  Object.defineProperty(prototype, name, { value: refuse, configurable: false, writable: false });
}

/**
 * What Node's own objects are made of. The handle of a process that was never started signals whatever process its memory
 * happens to name; a socket that listens under a path makes a file there.
 */
function closeHandles(): void {
  closeMethod(Reflect.construct(ChildProcess, []), 'kill', noSignals);
  closeMethod(process.stdout, 'bind', noFiles);
}

/** Takes away what Node's permission model leaves: ways to write files, and signals to other processes. */
export function raiseFence(): void {
  closeModules();
  closeReports();
  closeSignals();
  closeHandles();
}
