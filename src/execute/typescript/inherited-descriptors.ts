import { readdirSync, readFileSync } from 'node:fs';

const folder = '/proc/self/fdinfo';
const closeOnExec = 0o2000000;
/** Descriptors that a worker has of its own: its streams, and its line to the server. */
const last = 3;

function isInherited(descriptor: string): boolean {
  try {
    const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`${folder}/${descriptor}`, 'utf8'))?.[1];
    return flags !== undefined && (parseInt(flags, 8) & closeOnExec) === 0;
  } catch {
    return false; // it was closed meanwhile
  }
}

function findInherited(): string[] {
  try {
    return readdirSync(folder).filter((name) => Number(name) > last && isInherited(name));
  } catch {
    return []; // no Linux
  }
}

let found: readonly string[] | undefined;

/**
 * The descriptors that this process was started with, by a shell or a supervisor, and that processes which it starts inherit:
 * what is opened later is closed there. Looked for once, while there are few. Linux only.
 */
export function inheritedDescriptors(): readonly string[] {
  found ??= findInherited();
  return found.filter(isInherited);
}
