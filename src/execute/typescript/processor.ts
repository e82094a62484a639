import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** How far below the server's own priority workers run: what all calls wait for comes first. */
const below = 5;
/** The lowest priority that there is. */
export const slowNiceness = 19;

/** The niceness of workers, which follows that of the server. */
export function callNiceness(): number {
  return Math.min(slowNiceness, getPriority() + below);
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
