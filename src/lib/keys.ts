import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/** What an internal key is for. Keys of different labels tell nothing about each other (spec page 06, "One site secret"). */
export type KeyLabel = 'audit-hmac' | 'audit-redaction' | 'hash-mask' | 'cursor' | (string & {});

const keyBytes = 32;
const salt = 'mxcp/site-secret/v1';

/** The 256-bit internal key for one purpose: HKDF-SHA256 (RFC 5869) over the site secret, with the label as info. */
export function deriveKey(siteSecret: string, label: KeyLabel): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', siteSecret, salt, label, keyBytes)));
}
