import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Json, JsonObject } from '../../model/json.js';

/** One key at rest. Times in milliseconds since the Unix epoch. */
export interface StoredKey {
  readonly id: string;
  /** HMAC-SHA256 of the key's text under `pepper`, base64url. */
  readonly hash: string;
  /**
   * The key of `hash`, random for each key. It is sealed with the rest of the record under a key from the site secret, so that
   * keys stay valid when the site secret is rotated.
   */
  readonly pepper: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly lastUsedAt?: number;
  /** When somebody was last told that it expires. */
  readonly warnedAt?: number;
}

/** A service with its keys: one record, so that no two commands can make a third key. */
export interface ServiceRecord {
  readonly name: string;
  readonly roles: readonly string[];
  /** `by-roles`: what its roles allow. */
  readonly scopes: readonly string[] | 'by-roles';
  readonly keys: readonly StoredKey[];
}

/** The kind of these records in the store. */
export const serviceKind = 'api-key';

/** A record as it was read: the store gives back only what was sealed, so its form is that of `toJson`. */
export function readService(value: Json | undefined): ServiceRecord | undefined {
  return value as ServiceRecord | undefined;
}

/** A record as the store takes it. */
export function toJson({ name, roles, scopes, keys }: ServiceRecord): JsonObject {
  return { name, roles, scopes, keys: keys.map((key) => ({ ...key })) };
}

function hashUnder(pepper: string, text: string): Buffer {
  return createHmac('sha256', Buffer.from(pepper, 'base64url')).update(text).digest();
}

/** What is kept of a key's text. */
export function hashKey(text: string): Pick<StoredKey, 'hash' | 'pepper'> {
  const pepper = randomBytes(32).toString('base64url');
  return { pepper, hash: hashUnder(pepper, text).toString('base64url') };
}

const nobody = hashKey('');

/** Whether this is the key, in time that does not depend on where they differ, nor on whether there is such a key. */
export function isKey(stored: StoredKey | undefined, text: string): boolean {
  const { hash, pepper } = stored ?? nobody;
  const wanted = Buffer.from(hash, 'base64url');
  const given = hashUnder(pepper, text);
  return wanted.length === given.length && timingSafeEqual(wanted, given) && stored !== undefined;
}
