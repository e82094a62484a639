const refused = (): never => {
  throw new Error('A body may not send signals to other processes');
};

function fix(name: string, value: unknown): void {
  Object.defineProperty(process, name, { value, configurable: false, writable: false });
}

/**
 * Takes away what Node's permission model leaves: signals to other processes, among them the one that opens a debugger in
 * the server. A body may still end its own process.
 */
export function raiseFence(): void {
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
