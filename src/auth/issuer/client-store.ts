import { errors, type Adapter, type AdapterPayload } from 'oidc-provider';
import type { Store } from '../store/store.js';
import { secretDigest } from './configure.js';
import { clientKind, groupOf } from './groups.js';
import { collectionOf } from './collection.js';
import { interactionMs } from './interaction-ms.js';
import { toDrop, type Unused } from './unused-clients.js';

const unusedMs = 24 * 60 * 60_000;
const maxUnused = 1_000;

/** Where registered clients are kept. */
export interface ClientStore {
  readonly adapter: Adapter;
  /** Notes that a person is asked about a client now. */
  ask(clientId: string): Promise<void>;
  /** Keeps a client on: somebody let it in. */
  use(clientId: string): Promise<void>;
}

interface Registered extends AdapterPayload {
  readonly client_id?: string | undefined;
  /** Absent once somebody let it in. */
  readonly unused?: Unused | undefined;
}

/**
 * Registered clients in the store: gone after a day when nobody lets them in, else `keepMs` after somebody last did. At most a
 * thousand wait to be let in; then the next one takes the place that `toDrop` says. Their secrets are kept as digests.
 * `address`: what the address of the request that is answered now counts as.
 */
export function createClientStore(store: Store, keepMs: number, address: () => string): ClientStore {
  const kept = collectionOf<Registered>(store, clientKind);
  const absent = (): Promise<undefined> => Promise.resolve(undefined);

  async function makeRoom(): Promise<void> {
    const waiting = (await kept.list(groupOf.unusedClients)).flatMap(({ client_id: id, unused }) =>
      id === undefined || unused === undefined ? [] : [{ id, ...unused }],
    );
    if (waiting.length < maxUnused) return;
    const dropped = toDrop(waiting, Date.now());
    if (dropped === undefined) {
      throw new errors.CustomOIDCProviderError(
        'temporarily_unavailable',
        'too many registered clients wait for an answer: try again in half an hour, or use a client metadata document',
      );
    }
    // Somebody may have let it in meanwhile.
    await kept.removeIf(dropped.id, ({ unused }) => unused !== undefined);
  }

  const adapter: Adapter = {
    find: async (id) => {
      const client = await kept.get(id);
      return client && { ...client, unused: undefined };
    },
    upsert: async (id, payload) => {
      await makeRoom();
      const { client_secret: secret } = payload;
      const now = Date.now();
      const client: Registered = {
        ...payload,
        ...(secret !== undefined && { client_secret: secretDigest(secret) }),
        unused: { from: address(), at: now },
      };
      const groups = [groupOf.unusedClients, groupOf.client(id)];
      await kept.put(id, client, { expiresAt: now + unusedMs, groups });
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
    ask: async (clientId) => {
      if ((await kept.get(clientId))?.unused === undefined) return;
      const askedUntil = Date.now() + interactionMs;
      await kept.change(clientId, ({ unused, ...client }) => ({
        ...client,
        ...(unused && { unused: { ...unused, askedUntil } }),
      }));
    },
    use: async (clientId) => {
      const options = { expiresAt: Date.now() + keepMs, groups: [groupOf.client(clientId)] };
      await kept.change(clientId, (client) => ({ ...client, unused: undefined }), options);
    },
  };
}
