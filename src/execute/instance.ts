import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { stopReason, type StopSignal } from '../lib/stop-signal.js';
import { CallerRegistry } from './caller-functions.js';
import { Health } from './health.js';
import { changedSettings, openDuckdb, setUpInstance, type InstanceSetup } from './instance-setup.js';
import { PluginFunctions } from './plugin-functions.js';
import { createSecrets } from './secrets.js';

/** A reference to a DuckDB instance of this process. */
export interface InstanceReference {
  readonly callers: CallerRegistry;
  readonly health: Health;
  readonly functions: PluginFunctions;
  /** Held while a body has databases attached, which the whole instance sees. */
  readonly lockAttach: Lock;
  /** Names of settings that differ from those it was opened with; they take effect after a restart. */
  readonly restartNeeded: readonly string[];
  connect(): Promise<DuckDBConnection>;
  /** Gives the reference back; the last one closes the instance. */
  release(): Promise<void>;
}

interface Shared {
  readonly duckdb: DuckDBInstance;
  readonly callers: CallerRegistry;
  readonly functions: PluginFunctions;
  readonly health: Health;
  readonly lockAttach: Lock;
  readonly setup: InstanceSetup;
  references: number;
}

/** The process's instances by real path and inode: a second instance on one file loses writes (spec page 07). */
const instances = new Map<string, Shared>();
/** One opening or closing at a time, so that no file is opened while it is being closed. */
const lockInstances = createLock();

/**
 * The instance for these settings: the one that the process has for this file, or a new one that is set up (extensions,
 * secrets, attach, `init`, sandbox). Throws `DatabaseUnavailableError` when it cannot be opened or set up.
 */
export async function acquireInstance(setup: InstanceSetup): Promise<InstanceReference> {
  const unlock = await lockInstances();
  try {
    const existing = instances.get(await instanceKey(setup));
    return await refer(existing ?? (await create(setup)), setup);
  } finally {
    unlock();
  }
}

async function create(setup: InstanceSetup): Promise<Shared> {
  const callers = new CallerRegistry();
  const duckdb = await openDuckdb(setup);
  try {
    await setUpInstance(duckdb, setup, callers);
  } catch (error) {
    duckdb.closeSync();
    throw error;
  }
  const created: Shared = {
    duckdb,
    callers,
    health: new Health(),
    functions: new PluginFunctions(),
    lockAttach: createLock(),
    setup,
    references: 0,
  };
  instances.set(await instanceKey(setup), created);
  return created;
}

/** Real path and inode of the file; of `:memory:` the name that the owner gave. */
async function instanceKey(setup: InstanceSetup): Promise<string> {
  const { path } = setup.settings;
  if (path === ':memory:') return `memory:${setup.memoryName}`;
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  const folder = await realpath(dirname(path)).catch(() => dirname(path));
  if (!found) return join(folder, basename(path));
  return `${await realpath(path)}:${found.dev}:${found.ino}`;
}

async function refer(shared: Shared, setup: InstanceSetup): Promise<InstanceReference> {
  const restartNeeded = changedSettings(shared.setup, setup);
  if (shared.references > 0) await replaceSecrets(shared, setup);
  shared.references += 1;
  let held = true;
  return {
    callers: shared.callers,
    health: shared.health,
    functions: shared.functions,
    lockAttach: shared.lockAttach,
    restartNeeded,
    connect: () => shared.duckdb.connect(),
    release: async () => {
      if (!held) return;
      held = false;
      const unlock = await lockInstances();
      try {
        dropReference(shared);
      } finally {
        unlock();
      }
    },
  };
}

function dropReference(shared: Shared): void {
  shared.references -= 1;
  if (shared.references > 0) return;
  for (const [key, value] of instances) if (value === shared) instances.delete(key);
  shared.duckdb.closeSync();
}

async function replaceSecrets(shared: Shared, setup: InstanceSetup): Promise<void> {
  const connection = await shared.duckdb.connect();
  try {
    await createSecrets(connection, setup.secrets);
  } finally {
    connection.closeSync();
  }
}

/** Waits for its turn, in the order of asking, and gives the function that unlocks. An abort gives up with its reason. */
type Lock = (signal?: StopSignal) => Promise<() => void>;

function createLock(): Lock {
  let last: Promise<void> = Promise.resolve();
  return async (signal) => {
    const before = last;
    let unlock = (): void => undefined;
    last = new Promise<void>((resolve) => (unlock = resolve));
    try {
      await (signal ? unlessAborted(before, signal) : before);
    } catch (error) {
      void before.then(unlock);
      throw error;
    }
    return () => unlock();
  };
}

async function unlessAborted(work: Promise<void>, signal: StopSignal): Promise<void> {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(stopReason(signal));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  await Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', stop));
}
