import { throwIfStopped, type StopSignal } from '../lib/stop-signal.js';
import { attachedNames, detachOthers } from './attached.js';
import type { InstanceReference } from './instance.js';
import type { Lease, LeaseKind, Pool } from './pool.js';

/** Where bodies run. */
export interface RunSite {
  readonly instance: InstanceReference;
  readonly pool: Pool;
  /** Names of the databases that free-form SQL may read: those that were attached when the site was opened. */
  readonly databases: readonly string[];
}

/**
 * A session for a body; none for a call that was stopped, or on a database that failed. What one that runs `alone` left
 * attached is detached before its place is free: an attached database is visible to the whole instance.
 */
export async function leaseFor(site: RunSite, kind: LeaseKind, signal: StopSignal): Promise<Lease> {
  site.instance.health.check();
  throwIfStopped(signal);
  const lease = await site.pool.lease(kind, signal);
  if (kind !== 'alone') return lease;
  try {
    return await attaching(site, lease, signal);
  } catch (error) {
    lease.giveBack('close');
    throw error;
  }
}

async function attaching(site: RunSite, lease: Lease, signal: StopSignal): Promise<Lease> {
  const unlock = await site.instance.lockAttach(signal);
  const before = await attachedNames(site.instance).catch((error: unknown) => {
    unlock();
    throw error;
  });
  let out = true;
  const leave = async (): Promise<void> => {
    try {
      await detachOthers(site.instance, before);
    } catch {
      site.instance.health.condemn();
    } finally {
      unlock();
      lease.giveBack('close');
    }
  };
  return {
    ...lease,
    giveBack: () => {
      if (out) void leave();
      out = false;
    },
  };
}
