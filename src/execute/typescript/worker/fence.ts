import { syncBuiltinESMExports } from 'node:module';

const refused = (): never => {
  throw new Error('A body may not send signals to other processes');
};

function noDatabase(): never {
  throw new Error('A body may not open files by node:sqlite');
}

/** SQLite opens files without asking the permission model; not every Node has a flag that takes it away. */
function closeSqlite(): void {
  const sqlite: unknown = process.getBuiltinModule('node:sqlite');
  if (typeof sqlite !== 'object' || sqlite === null) return;
  for (const name of Object.keys(sqlite)) Object.defineProperty(sqlite, name, { value: noDatabase });
  syncBuiltinESMExports();
}

function fix(name: string, value: unknown): void {
  Object.defineProperty(process, name, { value, configurable: false, writable: false });
}

/**
 * Takes away what Node's permission model leaves: SQLite's files, and signals to other processes, among them the one that
 * opens a debugger in the server. A body may still end its own process.
 */
export function raiseFence(): void {
  closeSqlite();
  const own = process.pid;
  const kill: unknown = Reflect.get(process, '_kill');
  if (typeof kill === 'function') {
    fix('_kill', (pid: unknown, signal: unknown): unknown => {
      if (pid !== own) return refused();
      const result: unknown = Reflect.apply(kill, process, [own, signal]);
      return result;
    });
  }
  for (const name of ['_debugProcess', '_debugEnd']) if (name in process) fix(name, refused);
}
