import { chmodSync, existsSync, mkdtempSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AuditQueryError } from '../errors.js';

function isErrno(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

function targetOf(file: string): string {
  if (!existsSync(file)) return file;
  if (!statSync(file).isFile()) throw new AuditQueryError(`${file} is there already, and no plain file`);
  return realpathSync(file);
}

async function replace<T>(target: string, make: (draft: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(dirname(target), '.mxcp-export-'));
  try {
    const draft = join(folder, basename(target));
    const made = await make(draft);
    chmodSync(draft, 0o600);
    renameSync(draft, target);
    return made;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Makes a file, mode 0600, that is there whole or not at all: `make` writes a draft, and when it fails, what was at `file`
 * before stays. Throws `AuditQueryError`, and what `make` throws.
 */
export async function replaceFile<T>(file: string, make: (draft: string) => Promise<T>): Promise<T> {
  try {
    return await replace(targetOf(file), make);
  } catch (error) {
    if (!isErrno(error)) throw error;
    throw new AuditQueryError(`${file} cannot be written (${error.code ?? error.message})`, { cause: error });
  }
}
