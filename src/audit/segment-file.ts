import {
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const fdatasyncAsync = promisify(fdatasync);
const createFlags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL;

/** A write that ended early: the disk is full, or a quota is used up. */
export class ShortWriteError extends Error {
  readonly code = 'ENOSPC';
}

/**
 * One segment, open for appending by this process alone. A line is in the operating system's hands when `append`
 * returns; when it throws, the file is cut back to its last whole line before anything else is written.
 */
export class SegmentFile {
  readonly name: string;
  readonly path: string;
  readonly #fd: number;
  #size = 0;
  #needsCut = false;
  #syncs = 0;
  #closing = false;

  private constructor(folder: string, name: string) {
    this.name = name;
    this.path = join(folder, name);
    this.#fd = openSync(this.path, createFlags, 0o600);
  }

  /** Creates a new segment, mode 0600. Throws when the file exists or cannot be made. */
  static create(folder: string, name: string, durable: boolean): SegmentFile {
    const file = new SegmentFile(folder, name);
    try {
      if (durable) syncFolder(folder);
    } catch (error) {
      file.discard();
      throw error;
    }
    return file;
  }

  get size(): number {
    return this.#size;
  }

  /** False when someone removed or moved the file or its folder: what is written to it now would be lost to the log. */
  exists(): boolean {
    return existsSync(this.path);
  }

  append(line: string): void {
    if (this.#needsCut) this.#cut();
    const bytes = Buffer.byteLength(line);
    this.#needsCut = true;
    if (writeSync(this.#fd, line) !== bytes) {
      this.#cut();
      throw new ShortWriteError('the record was written in part');
    }
    this.#needsCut = false;
    this.#size += bytes;
  }

  /** Hands everything to the disk. */
  async sync(): Promise<void> {
    this.#syncs += 1;
    try {
      await fdatasyncAsync(this.#fd);
    } finally {
      this.#syncs -= 1;
      if (this.#closing && this.#syncs === 0) closeSync(this.#fd);
    }
  }

  syncNow(): void {
    fdatasyncSync(this.#fd);
  }

  /** Closes the file, after the syncs that are under way. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#syncs === 0) closeSync(this.#fd);
  }

  /** Closes and removes a segment that has no record yet. */
  discard(): void {
    this.close();
    rmSync(this.path, { force: true });
  }

  #cut(): void {
    if (fstatSync(this.#fd).size > this.#size) ftruncateSync(this.#fd, this.#size);
    this.#needsCut = false;
  }
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
