import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

function mount(args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status === 0) return;
  throw new Error(
    `mount ${args.join(' ')}: ${error?.message ?? stderr.trim()}\n` +
      'This test needs to mount a small tmpfs. Run it as root (in a container: with CAP_SYS_ADMIN), for example\n' +
      '  sudo -E npm run test:faults\n' +
      '  docker run --cap-add SYS_ADMIN …',
  );
}

/** A file system of a few megabytes that is nobody else's. */
export interface SmallDisk {
  readonly path: string;
  /** Writes until nothing more fits. */
  readonly fill: () => void;
  /** Makes room again. */
  readonly clear: () => void;
  readonly remount: (mode: 'ro' | 'rw') => void;
  readonly remove: () => void;
}

function fillUp(file: string): void {
  const fd = openSync(file, 'a');
  try {
    for (const size of [65_536, 4096, 1]) {
      const bytes = Buffer.alloc(size, 1);
      try {
        while (writeSync(fd, bytes) === size);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(fd);
  }
}

/** Mounts a tmpfs. Throws with instructions where this user may not. */
export function mountSmallDisk(megabytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'mxcp-disk-'));
  mount(['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755`, 'tmpfs', path]);
  const filler = join(path, 'filler');
  mkdirSync(join(path, 'log'), { mode: 0o700 });
  return {
    path,
    fill: () => fillUp(filler),
    clear: () => rmSync(filler, { force: true }),
    remount: (mode) => mount(['-o', `remount,${mode}`, path]),
    remove: () => {
      const { status, stderr } = spawnSync('umount', ['-l', path], { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
      rmSync(path, { recursive: true });
    },
  };
}
