import { randomUUID } from 'node:crypto';
import type { Store } from '../store/store.js';
import { collectionOf } from './collection.js';

/** Work that one server does at a time. */
export interface Lease {
  /** What `work` gives, or `otherwise` where another server is at it. */
  alone<T>(id: string, work: () => Promise<T>, otherwise: () => Promise<T>): Promise<T>;
}

/** How long a server that was killed keeps the others from its work; longer than a server is ever late with renewing. */
const leaseMs = 10_000;
const renewEveryMs = 3_000;

/** Leases in the store, renewed as long as the work goes on, however long that is. `warn` hears that one could not be. */
export function createLease(
  store: Store,
  kind: string,
  warn: (message: string, error: unknown) => void,
): Lease {
  const holders = collectionOf<string>(store, kind);
  const options = (): { expiresAt: number } => ({ expiresAt: Date.now() + leaseMs });

  return {
    alone: async (id, work, otherwise) => {
      const own = randomUUID();
      if (!(await holders.putNew(id, own, options()))) return otherwise();
      const renewal = setInterval(() => {
        const renewed = holders.change(id, (holder) => holder, options());
        renewed.catch((error: unknown) => warn('Other servers may ask a provider at the same time', error));
      }, renewEveryMs).unref();
      try {
        return await work();
      } finally {
        clearInterval(renewal);
        await holders.removeIf(id, (holder) => holder === own);
      }
    },
  };
}
