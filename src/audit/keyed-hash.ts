import { createHmac, type KeyObject } from 'node:crypto';
import { deriveKey } from '../lib/keys.js';

/** A hash that tells nothing to those without the site secret. */
export type KeyedHash = (text: string) => string;

/** `hmac:` and 16 hex digits; without a site secret there is no key, so that values are not hashed at all. */
export function createKeyedHash(siteSecret: string | undefined): KeyedHash | undefined {
  if (siteSecret === undefined) return undefined;
  const key: KeyObject = deriveKey(siteSecret, 'audit-redaction');
  return (text) => `hmac:${createHmac('sha256', key).update(text).digest('hex').slice(0, 16)}`;
}
