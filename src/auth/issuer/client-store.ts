import { errors, type Adapter, type AdapterPayload } from 'oidc-provider';
import type { Store } from '../store/store.js';
import { secretDigest } from './configure.js';
import { clientKind, groupOf } from './groups.js';
import { collectionOf } from './collection.js';

const unusedMs = 24 * 60 * 60_000;
const maxUnused = 1_000;

/** Where registered clients are kept. */
export interface ClientStore {
  readonly adapter: Adapter;
  /** Keeps a client on: somebody let it in. */
  use(clientId: string): Promise<void>;
}

/**
 * Registered clients in the store: gone after a day when nobody lets them in, else `keepMs` after somebody last did; at most
 * a thousand wait to be let in. Their secrets are kept as digests.
 */
export function createClientStore(store: Store, keepMs: number): ClientStore {
  const kept = collectionOf<AdapterPayload>(store, clientKind);
  const absent = (): Promise<undefined> => Promise.resolve(undefined);
  const adapter: Adapter = {
    find: (id) => kept.get(id),
    upsert: async (id, payload) => {
      if ((await kept.list(groupOf.unusedClients)).length >= maxUnused) {
        throw new errors.CustomOIDCProviderError(
          'temporarily_unavailable',
          'too many registered clients wait to be used: try again tomorrow, or use a client metadata document',
        );
      }
      const { client_secret: secret } = payload;
      const client = { ...payload, ...(secret !== undefined && { client_secret: secretDigest(secret) }) };
      const expiresAt = Date.now() + unusedMs;
      await kept.put(id, client, { expiresAt, groups: [groupOf.unusedClients, groupOf.client(id)] });
    },
    destroy: async (id) => {
      await kept.remove(id);
    },
    findByUid: absent,
    findByUserCode: absent,
    consume: absent,
    revokeByGrantId: absent,
  };
  return {
    adapter,
    use: async (clientId) => {
      const client = await kept.get(clientId);
      if (client === undefined) return;
      await kept.put(clientId, client, {
        expiresAt: Date.now() + keepMs,
        groups: [groupOf.client(clientId)],
      });
    },
  };
}
