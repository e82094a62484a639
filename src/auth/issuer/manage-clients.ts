import type { ClientSettings } from '../../model/auth-settings.js';
import type { Store } from '../store/store.js';
import type { ClientOrigin } from './client-facts.js';
import { collectionOf } from './collection.js';
import { createGrants, type GrantRecord } from './grants.js';
import { clientKind, groupOf } from './groups.js';

/** A client that may ask here, or that somebody let in. Times in milliseconds since the Unix epoch. */
export interface ClientInfo {
  readonly id: string;
  readonly name: string;
  readonly origin: ClientOrigin;
  /** How many people let it in. */
  readonly people: number;
  /** When somebody last let it in. */
  readonly allowedAt?: number;
  readonly lastUsedAt?: number;
}

interface Known {
  readonly id: string;
  readonly name?: string | undefined;
  readonly origin: ClientOrigin;
}

interface Registration {
  readonly client_id: string;
  readonly client_name?: string;
}

function latest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function infoOf({ id, name, origin }: Known, grants: readonly GrantRecord[]): ClientInfo {
  const allowedAt = latest(grants.map(({ createdAt }) => createdAt));
  const lastUsedAt = latest(grants.map((grant) => grant.lastUsedAt));
  return {
    id,
    name: name ?? grants[0]?.clientName ?? '',
    origin,
    people: new Set(grants.map(({ userKey }) => userKey)).size,
    ...(allowedAt !== undefined && { allowedAt }),
    ...(lastUsedAt !== undefined && { lastUsedAt }),
  };
}

function byClient(grants: readonly GrantRecord[]): ReadonlyMap<string, readonly GrantRecord[]> {
  const found = new Map<string, GrantRecord[]>();
  for (const grant of grants) {
    const others = found.get(grant.clientId);
    if (others === undefined) found.set(grant.clientId, [grant]);
    else others.push(grant);
  }
  return found;
}

/** The clients of the configuration, those that registered, and those with a document that somebody let in; last allowed first. */
export async function listClients(
  store: Store,
  configured: readonly ClientSettings[],
): Promise<readonly ClientInfo[]> {
  const grants = byClient(await createGrants(store).list());
  const registered = await collectionOf<Registration>(store, clientKind).list();
  const known = new Map<string, Known>();
  for (const id of grants.keys())
    known.set(id, { id, origin: id.startsWith('https://') ? 'document' : 'itself' });
  for (const { client_id: id, client_name: name } of registered)
    known.set(id, { id, name, origin: 'itself' });
  for (const { clientId: id, name } of configured) known.set(id, { id, name, origin: 'operator' });
  const when = ({ allowedAt = 0 }: ClientInfo): number => allowedAt;
  return [...known.values()]
    .map((each) => infoOf(each, grants.get(each.id) ?? []))
    .sort((a, b) => when(b) - when(a) || (a.id < b.id ? -1 : 1));
}

/**
 * Ends what everybody let a client do, with all of its tokens and codes, and its registration: at once, and on every server
 * that shares the store within a second. One of the configuration or with a document may ask people again.
 */
export function revokeClient(store: Store, id: string): Promise<void> {
  return store.removeGroup(groupOf.client(id));
}
