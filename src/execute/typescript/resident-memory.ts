import { readFileSync } from 'node:fs';

const pageBytes = 4096;

/**
 * Resident memory of a process in bytes, from Linux's /proc (some microseconds). Undefined elsewhere, and for a process that
 * is gone: then the limit of the heap is the only one.
 */
export function residentBytes(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]);
    return Number.isSafeInteger(pages) ? pages * pageBytes : undefined;
  } catch {
    return undefined; // it ended between two looks
  }
}
