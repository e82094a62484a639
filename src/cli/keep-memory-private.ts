import { writeFileSync } from 'node:fs';

const filter = '/proc/self/coredump_filter';

/**
 * Secrets are in the memory of this process, so nobody gets at it by accident: on Linux, core files of it and of the
 * processes that it starts hold none of their memory (core(5), `coredump_filter`), and SIGUSR1 does not open the debugger's
 * port, which every user of the machine could connect to. Elsewhere there is no such filter. Gives why it could not be set.
 */
export function keepMemoryPrivate(): string | undefined {
  process.on('SIGUSR1', () => undefined);
  try {
    writeFileSync(filter, '0', { flag: 'r+' });
    return undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    return `Core files of this process would hold its memory: ${filter} cannot be written`;
  }
}
