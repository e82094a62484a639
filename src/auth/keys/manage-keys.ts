import { UsageError } from '../../errors.js';
import type { Store } from '../store/store.js';
import { newKeyText, serviceOf } from './key-text.js';
import {
  hashKey,
  readService,
  serviceKind,
  toJson,
  type ServiceRecord,
  type StoredKey,
} from './service-record.js';

/** What may be known of a key. Times in milliseconds since the Unix epoch. */
export interface KeyInfo {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[] | 'by-roles';
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly lastUsedAt?: number;
}

/** A key that was made now. `text` is nowhere else and cannot be had again. */
export interface NewKey {
  readonly text: string;
  readonly info: KeyInfo;
}

/** Who a new key is for. */
export interface KeyRequest {
  readonly name: string;
  readonly roles: readonly string[];
  readonly scopes: ServiceRecord['scopes'];
  readonly expiresAt: number;
}

const maxLiveKeys = 2;

/** The form of a service's name: it is part of the subject `key:<name>`. */
export const keyNamePattern = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/;

function infoOf({ name, roles, scopes }: ServiceRecord, key: StoredKey): KeyInfo {
  const { id, createdAt, expiresAt, lastUsedAt } = key;
  return { id, name, roles, scopes, createdAt, expiresAt, ...(lastUsedAt !== undefined && { lastUsedAt }) };
}

function makeKey(name: string, expiresAt: number, now: number): { key: StoredKey; text: string } {
  const { id, text } = newKeyText(name);
  return { text, key: { id, ...hashKey(text), createdAt: now, expiresAt } };
}

const liveKeys = ({ keys }: ServiceRecord, now: number): StoredKey[] =>
  keys.filter(({ expiresAt }) => expiresAt > now);

/** The first key of a service. Rejects with `USAGE_INVALID` when the service has a live key already. */
export async function createKey(store: Store, request: KeyRequest, now = Date.now()): Promise<NewKey> {
  const { name, roles, scopes, expiresAt } = request;
  if (!keyNamePattern.test(name)) {
    throw new UsageError(
      "The name of a key is made of letters, digits, '.', '_' and '-', at most 63, and begins with a letter or digit",
    );
  }
  const { key, text } = makeKey(name, expiresAt, now);
  const record = { name, roles, scopes, keys: [key] };
  await store.change(serviceKind, serviceOf(name), (old) => {
    const known = readService(old);
    if (known !== undefined && liveKeys(known, now).length > 0) {
      throw new UsageError(`There is a key for ${name}: use mxcp keys rotate ${name}, or revoke it first`);
    }
    return toJson(record);
  });
  return { text, info: infoOf(record, key) };
}

/** All keys, expired ones too, by name and age. */
export async function listKeys(store: Store): Promise<readonly KeyInfo[]> {
  const records = (await store.list(serviceKind)).flatMap(({ value }) => readService(value) ?? []);
  return records
    .flatMap((record) => record.keys.map((key) => infoOf(record, key)))
    .sort((a, b) => (a.name === b.name ? a.createdAt - b.createdAt : a.name < b.name ? -1 : 1));
}

/**
 * A second key of a service, with the roles and scopes of the first, which lives until `retireAt` at most. Rejects with
 * `USAGE_INVALID` when there is no live key, or when there are two already.
 */
export async function rotateKey(
  store: Store,
  name: string,
  { expiresAt, retireAt }: { readonly expiresAt: number; readonly retireAt: number },
  now = Date.now(),
): Promise<NewKey> {
  const { key, text } = makeKey(name, expiresAt, now);
  const changed = await store.change(serviceKind, serviceOf(name), (old) => {
    const known = readService(old);
    const live = known?.name === name ? liveKeys(known, now) : [];
    if (known === undefined || live.length === 0) throw new UsageError(`No live key is called ${name}`);
    if (live.length >= maxLiveKeys) {
      const [first] = live;
      throw new UsageError(
        `${name} has two live keys: revoke one first (mxcp keys revoke ${first?.id ?? ''})`,
      );
    }
    const kept = live.map((one) => ({ ...one, expiresAt: Math.min(one.expiresAt, retireAt) }));
    return toJson({ ...known, keys: [...kept.filter((one) => one.expiresAt > now), key] });
  });
  const record = readService(changed);
  if (record === undefined) throw new UsageError(`No live key is called ${name}`);
  return { text, info: infoOf(record, key) };
}

/** Removes a key by its id, or all keys of a service by its name; gives those that are gone. */
export async function revokeKeys(store: Store, nameOrId: string): Promise<readonly KeyInfo[]> {
  const found = (await listKeys(store)).filter(({ name, id }) => name === nameOrId || id === nameOrId);
  const [first] = found;
  if (first === undefined) return [];
  let gone: readonly KeyInfo[] = [];
  await store.change(serviceKind, serviceOf(first.name), (old) => {
    const known = readService(old);
    if (known === undefined) return undefined;
    const isMeant = ({ id }: StoredKey): boolean => known.name === nameOrId || id === nameOrId;
    gone = known.keys.filter(isMeant).map((key) => infoOf(known, key));
    const keys = known.keys.filter((key) => !isMeant(key));
    return keys.length === 0 ? undefined : toJson({ ...known, keys });
  });
  return gone;
}
