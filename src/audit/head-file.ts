import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { LogPlace } from './segment-name.js';
import type { ChainPosition } from './segment-tail.js';
import type { SignatureCheck, Signer } from './sign.js';

/** What a segment's head says: up to here the segment was on disk. Kept outside of the log's folder too. */
export interface Head extends ChainPosition {
  readonly signature?: string | undefined;
}

const suffix = '.head';

/** The folder of one log's heads under the state directory: a server that can only write its log cannot change them there. */
export function headFolder(stateDirectory: string, place: LogPlace): string {
  const id = createHash('sha256')
    .update(join(resolve(place.folder), place.stem))
    .digest('hex')
    .slice(0, 16);
  return join(stateDirectory, 'audit', id);
}

function signedText({ segment, seq, record_hash }: ChainPosition): string {
  return `head:${segment}:${seq}:${record_hash}`;
}

/** The text of a head, signed with the log's key. */
export function headText(position: ChainPosition, signer: Signer | undefined): string {
  const signature = signer?.(signedText(position));
  return `${JSON.stringify({ ...position, ...(signature === undefined ? {} : { signature }) })}\n`;
}

/** Replaces `<segment>.head` in each folder, whole or not at all. A rename can wait for the disk, so no call waits for it. */
export async function writeHead(folders: readonly string[], segment: string, text: string): Promise<void> {
  for (const folder of folders) {
    const path = join(folder, segment + suffix);
    const draft = `${path}.tmp`;
    try {
      await writeFile(draft, text, { mode: 0o600, flush: true });
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }
}

/** Reads a head's text; undefined when it is none. */
export function parseHead(text: string): Head | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { segment, seq, record_hash, signature } = value as Record<string, unknown>;
  if (typeof segment !== 'string' || typeof seq !== 'number' || typeof record_hash !== 'string')
    return undefined;
  return { segment, seq, record_hash, ...(typeof signature === 'string' ? { signature } : {}) };
}

/** Whether a head was made with the log's key. */
export function checkHead(head: Head, check: SignatureCheck): ReturnType<SignatureCheck> {
  return check(signedText(head), head.signature ?? '');
}

/** A head file as found: `head` is undefined when its text is not one. */
export interface FoundHead {
  readonly path: string;
  readonly segment: string;
  readonly head: Head | undefined;
}

/** All heads of a folder; none when the folder does not exist. */
export function readHeads(folder: string, stem: string): FoundHead[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names
    .filter((name) => name.startsWith(`${stem}-`) && name.endsWith(suffix))
    .map((name) => {
      const path = join(folder, name);
      return { path, segment: name.slice(0, -suffix.length), head: parseHead(readFileSync(path, 'utf8')) };
    });
}

/** True when one of the folders has a head of a segment. */
export function hasHead(folders: readonly string[], segment: string): boolean {
  return folders.some((folder) => existsSync(join(folder, segment + suffix)));
}

/** Removes the heads of a segment that was deleted on purpose. */
export function removeHead(folders: readonly string[], segment: string): void {
  for (const folder of folders) rmSync(join(folder, segment + suffix), { force: true });
}

/** Makes the folder of heads, mode 0700. */
export function makeHeadFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}
