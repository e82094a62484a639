import type { Store } from '../store/store.js';
import { groupOf } from './groups.js';
import { collectionOf } from './collection.js';
import { interactionMs } from './interaction-ms.js';

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
  /** Made of what is remembered, and not yet taken by the client: it ends no other, until `endFormer`. */
  readonly unasked?: boolean;
}

/** The grants of the authorization server. */
export interface Grants {
  /**
   * Keeps a grant, and ends the ones that this person had given this client before (spec page 06), which an `unasked` one leaves
   * to `endFormer`. Of several that are given at once, the last one stays. Gives the id of the grant that `request` came to: of a
   * form that is sent twice, the first one counts.
   */
  add(grant: GrantRecord, expiresAt: number, request: string): Promise<string>;
  /** The client has taken the grant: ends the ones that the person had given it before this one. */
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
const requestKind = 'oauth:GrantOfRequest';
const touchEveryMs = 60_000;
const maxTouched = 10_000;

function isOlder(a: GrantRecord, b: GrantRecord): boolean {
  return a.createdAt < b.createdAt || (a.createdAt === b.createdAt && a.id < b.id);
}

const groupsOf = ({ id, userKey, clientId }: GrantRecord): string[] => [
  groupOf.grant(id),
  groupOf.user(userKey),
  groupOf.client(clientId),
];

/** Grants in the store. */
export function createGrants(store: Store): Grants {
  const kept = collectionOf<GrantRecord>(store, kind);
  const requests = collectionOf<GrantRecord>(store, requestKind);
  const touched = new Map<string, number>();

  function list(userKey?: string): Promise<readonly GrantRecord[]> {
    return kept.list(userKey === undefined ? undefined : groupOf.user(userKey));
  }

  async function othersOf({ id, userKey, clientId }: GrantRecord): Promise<readonly GrantRecord[]> {
    return (await list(userKey)).filter((each) => each.clientId === clientId && each.id !== id);
  }

  async function end(ended: readonly GrantRecord[]): Promise<void> {
    for (const { id } of ended) await store.removeGroup(groupOf.grant(id));
  }

  /** Every server keeps the same one of those that are given at once, whatever each of them sees of the others. */
  async function endOlder(grant: GrantRecord): Promise<void> {
    const others = await othersOf(grant);
    await end(others.filter((other) => isOlder(other, grant)));
    if (others.some((other) => other.unasked !== true && isOlder(grant, other))) await end([grant]);
  }

  async function firstOf(request: string, grant: GrantRecord): Promise<GrantRecord> {
    const options = { expiresAt: Date.now() + interactionMs, groups: groupsOf(grant) };
    if (await requests.putNew(request, grant, options)) return grant;
    return (await requests.get(request)) ?? grant;
  }

  return {
    list,
    find: (id) => kept.get(id),
    add: async (asked, expiresAt, request) => {
      const given = await firstOf(request, asked);
      // Later than all that it follows, whatever the clock of the server says that gave those.
      const former = (await othersOf(given)).map((other) => other.createdAt + 1);
      const grant = { ...given, createdAt: Math.max(given.createdAt, ...former) };
      await kept.put(grant.id, grant, { expiresAt, groups: groupsOf(grant) });
      if (grant.unasked !== true) await endOlder(grant);
      return grant.id;
    },
    endFormer: async (id) => {
      const grant = await kept.change(id, (untaken) => ({ ...untaken, unasked: false }));
      if (grant !== undefined) await endOlder(grant);
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
