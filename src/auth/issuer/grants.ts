import type { Store } from '../store/store.js';
import { groupOf } from './groups.js';
import { collectionOf } from './collection.js';

/** What a person let a client do, as the account page shows it. Times in milliseconds since the Unix epoch. */
export interface GrantRecord {
  readonly id: string;
  readonly userKey: string;
  readonly username: string;
  readonly clientId: string;
  readonly clientName: string;
  readonly redirectHost: string;
  readonly scopes: readonly string[];
  readonly createdAt: number;
  readonly lastUsedAt?: number;
}

/** The grants of the authorization server. */
export interface Grants {
  /**
   * Keeps a grant, and ends the ones that this person had given this client before (spec page 06), which `keep` leaves to
   * `endFormer`.
   */
  add(grant: GrantRecord, expiresAt: number, former?: 'end' | 'keep'): Promise<void>;
  /** Ends the grants that the person had given the client before this one. */
  endFormer(id: string): Promise<void>;
  find(id: string): Promise<GrantRecord | undefined>;
  /** Of one person, or of everybody. */
  list(userKey?: string): Promise<readonly GrantRecord[]>;
  /** Ends a grant and everything that it gave. */
  revoke(grant: GrantRecord): Promise<void>;
  /** Notes that a token of the grant was used, at most once a minute. */
  touch(id: string): Promise<void>;
}

const kind = 'oauth:GrantRecord';
const touchEveryMs = 60_000;
const maxTouched = 10_000;

function isOlder(a: GrantRecord, b: GrantRecord): boolean {
  return a.createdAt < b.createdAt || (a.createdAt === b.createdAt && a.id < b.id);
}

/** Grants in the store. */
export function createGrants(store: Store): Grants {
  const kept = collectionOf<GrantRecord>(store, kind);
  const touched = new Map<string, number>();

  function list(userKey?: string): Promise<readonly GrantRecord[]> {
    return kept.list(userKey === undefined ? undefined : groupOf.user(userKey));
  }

  async function othersOf({ id, userKey, clientId }: GrantRecord): Promise<readonly GrantRecord[]> {
    return (await list(userKey)).filter((each) => each.clientId === clientId && each.id !== id);
  }

  async function end(ended: readonly GrantRecord[]): Promise<void> {
    for (const id of new Set(ended.map((each) => each.id))) await store.removeGroup(groupOf.grant(id));
  }

  async function olderThan(grant: GrantRecord): Promise<readonly GrantRecord[]> {
    return (await othersOf(grant)).filter((other) => isOlder(other, grant));
  }

  return {
    list,
    find: (id) => kept.get(id),
    add: async (grant, expiresAt, former = 'end') => {
      const before = former === 'end' ? await othersOf(grant) : [];
      const groups = [groupOf.grant(grant.id), groupOf.user(grant.userKey), groupOf.client(grant.clientId)];
      await kept.put(grant.id, grant, { expiresAt, groups });
      if (former === 'keep') return;
      // Of two that are given at once, in two windows, neither has seen the other before: the older one ends.
      await end([...before, ...(await olderThan(grant))]);
    },
    endFormer: async (id) => {
      const grant = await kept.get(id);
      if (grant !== undefined) await end(await olderThan(grant));
    },
    revoke: async ({ id, userKey, clientId }) => {
      await store.removeGroup(groupOf.grant(id));
      await store.removeGroup(groupOf.remembered(userKey, clientId));
    },
    touch: async (id) => {
      const now = Date.now();
      if (now - (touched.get(id) ?? 0) < touchEveryMs) return;
      if (touched.size >= maxTouched) touched.clear();
      touched.set(id, now);
      await kept.change(id, (grant) => ({ ...grant, lastUsedAt: now }));
    },
  };
}
