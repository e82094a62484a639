import { createPrivateKey, createPublicKey, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/** What an internal key is for. Keys of different labels tell nothing about each other (spec page 06, "One site secret"). */
export type KeyLabel = 'audit-hmac' | 'audit-redaction' | 'hash-mask' | 'cursor' | (string & {});

const keyBytes = 32;
const salt = 'mxcp/site-secret/v1';

/** The 256-bit internal key for one purpose: HKDF-SHA256 (RFC 5869) over the site secret, with the label as info. */
export function deriveKey(siteSecret: string, label: KeyLabel): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', siteSecret, salt, label, keyBytes)));
}

function ed25519Key(read: () => KeyObject): KeyObject | undefined {
  try {
    const key = read();
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined; // not a key at all
  }
}

/** An Ed25519 private key in PEM form; undefined for any other text. */
export function ed25519PrivateKey(pem: string): KeyObject | undefined {
  return ed25519Key(() => createPrivateKey(pem));
}

/** An Ed25519 public key in PEM form, or that of a private one; undefined for any other text. */
export function ed25519PublicKey(pem: string): KeyObject | undefined {
  return ed25519Key(() => createPublicKey(pem));
}
