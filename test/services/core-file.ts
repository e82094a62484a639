import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Program } from '../e2e/program.js';

const pattern = '/proc/sys/kernel/core_pattern';

/** Newest file of a folder that was written since `since`, milliseconds, and is an ELF file. */
function newestCore(folder: string, since: number): Buffer | undefined {
  const paths = readdirSync(folder).map((name) => join(folder, name));
  const fresh = paths.filter((path) => statSync(path).isFile() && statSync(path).mtimeMs >= since);
  for (const path of fresh) {
    const content = readFileSync(path);
    if (content.subarray(0, 4).toString('latin1') !== '\x7fELF') continue;
    rmSync(path);
    return content;
  }
  return undefined;
}

/** What gdb makes of a process that lives: it heeds the filter, too. */
function coreByDebugger(pid: number): Buffer | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'mxcp-core-'));
  try {
    spawnSync('gcore', ['-o', join(folder, 'core'), String(pid)], { timeout: 120_000 });
    return newestCore(folder, 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Crashes a program that works in `folder`, and gives its core file: the kernel's, where it writes one to a file, else the
 * debugger's. Without either, and where there is no filter, `skip` is told why, aloud.
 */
export async function coreOf(
  { child, ended }: Program,
  folder: string,
  signal: 'SIGABRT' | 'SIGSEGV',
  skip: (why: string) => never,
): Promise<Buffer> {
  const give = (why: string): never => {
    console.warn(`SKIPPED: core files were not searched: ${why}`);
    child.kill('SIGKILL');
    return skip(why);
  };
  const pid = child.pid ?? 0;
  if (!existsSync(`/proc/${pid}/coredump_filter`)) return give('this system has no filter for them');
  const kernels = readFileSync(pattern, 'utf8').trim();
  const before = kernels.startsWith('|') ? coreByDebugger(pid) : undefined;
  const since = Date.now() - 1000;
  child.kill(signal);
  await ended;
  if (kernels.startsWith('|'))
    return before ?? give(`the kernel pipes them to ${kernels.slice(1)}, and gcore cannot make one`);
  return newestCore(resolve(folder, dirname(kernels)), since) ?? give(`${pattern} (${kernels}) gave no file`);
}
