import { chmodSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AuditUnavailableError } from '../errors.js';
import { osUser } from '../lib/os-user.js';
import type { Transport } from '../model/call.js';
import type { AuditSettings } from '../model/settings.js';
import { ChainWriter } from './chain-writer.js';
import type { AuditLog } from './audit-log.js';
import { headFolder, makeHeadFolder } from './head-file.js';
import { RecordingLog } from './recording-log.js';
import { openReserve } from './reserve.js';
import { logPlace, type LogPlace } from './segment-name.js';
import { setTornAside } from './segment-scan.js';
import { createSigner } from './sign.js';
import { createStrangers, type StrangerLimits } from './strangers.js';

/** How an audit log is opened. */
export interface AuditLogOptions {
  readonly settings: AuditSettings;
  /** Root of the HMAC key; without it and without a signing key, records are chained but not signed. */
  readonly siteSecret?: string | undefined;
  /** Where a second copy of each segment's head is kept, out of the log's own folder. */
  readonly stateDirectory?: string | undefined;
  /** What this process serves, for the log's own records. */
  readonly transport?: Transport;
  /** False for processes that write a few records and end: no room is set aside for them. */
  readonly reserve?: boolean;
  readonly strangers?: StrangerLimits;
  /** Told about failures that fail no call: a head that could not be replaced, a record dropped under `on_failure: allow`. */
  readonly warn?: (message: string, error: unknown) => void;
  /** Milliseconds since the Unix epoch. */
  readonly now?: () => number;
}

/**
 * Opens a log for writing: makes the folder (0700), sets torn lines of dead writers aside, and proves with the first line
 * of a new segment that it can write. Rejects with `AuditUnavailableError` when it cannot. With `audit.enabled: false`
 * the log takes everything and writes nothing.
 */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  if (!options.settings.enabled) return disabledLog;
  const place = logPlace(options.settings.path);
  try {
    makeFolder(place.folder);
    return await openWriter(options, place, await setTornAside(place));
  } catch (error) {
    throw toUnavailable(error, resolve(place.folder));
  }
}

async function openWriter(
  options: AuditLogOptions,
  place: LogPlace,
  torn: Awaited<ReturnType<typeof setTornAside>>,
): Promise<AuditLog> {
  const { settings, siteSecret, now = Date.now } = options;
  const reserve = openReserve(
    join(place.folder, `${place.stem}.reserve`),
    options.reserve === false ? 0 : settings.reserve,
  );
  const chain = new ChainWriter(
    {
      place,
      settings,
      reserve,
      now,
      signer: createSigner({ siteSecret, signingKey: settings.signingKey }),
      headFolders: [place.folder, ...stateFolders(options.stateDirectory, place)],
      transport: options.transport ?? 'api',
    },
    torn,
  );
  try {
    reserve.refill();
    if (settings.sync !== 'never') await chain.sync();
    await chain.replaceHead();
  } catch (error) {
    chain.close();
    throw error;
  }
  const { warn = ignore } = options;
  return new RecordingLog({
    chain,
    reserve,
    settings,
    strangers: createStrangers(options.strangers),
    warn,
    now,
  });
}

const ignore = (): void => undefined;

const disabledLog: AuditLog = {
  append: () => Promise.resolve(),
  begin: () => Promise.resolve(),
  refuse: () => Promise.resolve(),
  writable: () => true,
  status: () => ({ writable: true, segment: '', seq: 0, dropped: 0, owed: 0 }),
  close: () => Promise.resolve(),
};

function makeFolder(folder: string): void {
  const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (made !== undefined) chmodSync(folder, 0o700);
}

function stateFolders(stateDirectory: string | undefined, place: LogPlace): string[] {
  if (stateDirectory === undefined) return [];
  const folder = headFolder(stateDirectory, place);
  makeHeadFolder(folder);
  return [folder];
}

const otherPlace = 'or set audit.path to another place';
const remedies: ReadonlyMap<string, string> = new Map([
  ['EACCES', `let this user write there, ${otherPlace}`],
  ['EPERM', `let this user write there, ${otherPlace}`],
  ['EROFS', `the file system is read-only: mount it for writing, ${otherPlace}`],
  ['ENOSPC', `the disk is full: make room, ${otherPlace}`],
  ['EDQUOT', `the quota is used up: make room, ${otherPlace}`],
  ['EEXIST', `a part of this path is no folder: move it away, ${otherPlace}`],
  ['ENOTDIR', `a part of this path is no folder: move it away, ${otherPlace}`],
]);

function toUnavailable(error: unknown, folder: string): AuditUnavailableError {
  if (error instanceof AuditUnavailableError) return error;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === undefined) {
    return new AuditUnavailableError(`The audit log in ${folder} cannot be opened for writing`, {
      cause: error,
    });
  }
  const user = osUser() ?? String(process.getuid?.() ?? 'unknown');
  const remedy = remedies.get(code) ?? `check the folder, ${otherPlace}`;
  return new AuditUnavailableError(`Cannot create files in ${folder} as user ${user} (${code}): ${remedy}`, {
    cause: error,
  });
}
