import { readdirSync, readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** How far below the server's own priority workers run: what all calls wait for comes first. */
const below = 10;
/** The lowest priority that there is. */
export const slowNiceness = 19;
/** Linux counts processor time in hundredths of a second. */
const tickMs = 10;

/** The niceness of workers, which follows that of the server. */
export function callNiceness(): number {
  return Math.min(slowNiceness, getPriority() + below);
}

/** Processor time that a process has used, milliseconds, from Linux's /proc; undefined elsewhere, and when it is gone. */
export function processorMs(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // a name may have spaces
    const ticks = Number(fields[11]) + Number(fields[12]);
    return Number.isSafeInteger(ticks) ? ticks * tickMs : undefined;
  } catch {
    return undefined; // it ended between two looks
  }
}

/** Linux keeps a niceness per thread, other systems per process. */
function threadsOf(pid: number): readonly number[] {
  return process.platform === 'linux' ? readdirSync(`/proc/${pid}/task`).map(Number) : [pid];
}

/** Sets the niceness of a process. False when the system does not let us (lower it, without privileges), or it is gone. */
export function setNiceness(pid: number, niceness: number): boolean {
  try {
    for (const thread of threadsOf(pid)) setPriority(thread, niceness);
    return true;
  } catch {
    return false;
  }
}
