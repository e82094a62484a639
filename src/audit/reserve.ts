import { randomFillSync } from 'node:crypto';
import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';

const chunkBytes = 1_048_576;

/**
 * Room on the disk that is set aside for the outcomes of calls already started (spec page 05, `audit.reserve`): a file of
 * random bytes, so that no file system can store it smaller, shared by the processes of one folder.
 */
export interface Reserve {
  /** True when all of it is there. */
  full(): boolean;
  /** Gives a piece back to the disk; false when nothing is left. */
  release(): boolean;
  /** Fills it again after someone removed files: it may be gone with them. */
  renew(): void;
  /** Takes back what was given; throws when there is no room (ENOSPC). */
  refill(): void;
}

function withFile<T>(path: string, use: (fd: number) => T): T {
  const fd = openSync(path, 'a', 0o600);
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

function fill(fd: number, size: number): void {
  const chunk = randomFillSync(Buffer.allocUnsafe(Math.min(chunkBytes, size)));
  for (let missing = size - fstatSync(fd).size; missing > 0; missing = size - fstatSync(fd).size) {
    writeSync(fd, chunk, 0, Math.min(chunk.length, missing));
  }
}

/** The reserve of `size` bytes at `path`; nothing is on the disk before the first `refill`. */
export function openReserve(path: string, size: number): Reserve {
  let complete = size === 0;
  const refill = (): void => {
    if (complete) return;
    withFile(path, (fd) => fill(fd, size));
    complete = true;
  };
  return {
    full: () => complete,
    release: () =>
      withFile(path, (fd) => {
        const left = fstatSync(fd).size;
        if (left === 0) return false;
        complete = false;
        ftruncateSync(fd, Math.max(0, left - chunkBytes));
        return true;
      }),
    refill,
    renew: () => {
      complete = size === 0;
      refill();
    },
  };
}
