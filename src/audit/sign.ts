import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  sign as signBytes,
  timingSafeEqual,
  verify as verifyBytes,
  type KeyObject,
} from 'node:crypto';
import { deriveKey } from '../lib/keys.js';

/** Makes the signature of a record's or a head's hash: `hmac-sha256:…` or `ed25519:…`, base64url. */
export type Signer = (hash: string) => string;

/** What a signature (`''`: there is none) says about a hash, to someone who has the keys at hand. */
export type SignatureCheck = (hash: string, signature: string) => 'valid' | 'invalid' | 'no-key';

/** Where signatures come from: an Ed25519 key (PEM), else the site secret (spec page 05, "Tamper evidence"). */
export interface SigningKeys {
  readonly siteSecret?: string | undefined;
  /** Site secrets of before, for checking only. */
  readonly previousSecrets?: readonly string[] | undefined;
  /** Ed25519 private key, PEM. */
  readonly signingKey?: string | undefined;
  /** Ed25519 public key, PEM, for checking without the private one. */
  readonly publicKey?: string | undefined;
}

function hmac(key: KeyObject, hash: string): string {
  return createHmac('sha256', key).update(hash).digest('base64url');
}

/** The signer of a site's log; undefined when there is neither a signing key nor a site secret. Throws on a PEM that is not Ed25519. */
export function createSigner(keys: SigningKeys): Signer | undefined {
  if (keys.signingKey !== undefined) {
    const key = requireEd25519(createPrivateKey(keys.signingKey));
    return (hash) => `ed25519:${signBytes(null, Buffer.from(hash), key).toString('base64url')}`;
  }
  if (keys.siteSecret === undefined) return undefined;
  const key = deriveKey(keys.siteSecret, 'audit-hmac');
  return (hash) => `hmac-sha256:${hmac(key, hash)}`;
}

function requireEd25519(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('the key is not an Ed25519 key');
  return key;
}

function publicKeyOf(keys: SigningKeys): KeyObject | undefined {
  if (keys.publicKey !== undefined) return requireEd25519(createPublicKey(keys.publicKey));
  return keys.signingKey === undefined ? undefined : requireEd25519(createPublicKey(keys.signingKey));
}

function equal(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A check of signatures with every key that is given. */
export function createSignatureCheck(keys: SigningKeys): SignatureCheck {
  const secrets = [keys.siteSecret, ...(keys.previousSecrets ?? [])].filter((one) => one !== undefined);
  const hmacKeys = secrets.map((secret) => deriveKey(secret, 'audit-hmac'));
  const publicKey = publicKeyOf(keys);
  return (hash, signature) => {
    const [algorithm, value = ''] = signature.split(':', 2);
    if (algorithm === '') return hmacKeys.length === 0 && publicKey === undefined ? 'no-key' : 'invalid';
    if (algorithm === 'hmac-sha256') {
      if (hmacKeys.length === 0) return 'no-key';
      return hmacKeys.some((key) => equal(hmac(key, hash), value)) ? 'valid' : 'invalid';
    }
    if (algorithm !== 'ed25519') return 'invalid';
    if (publicKey === undefined) return 'no-key';
    return verifyBytes(null, Buffer.from(hash), publicKey, Buffer.from(value, 'base64url'))
      ? 'valid'
      : 'invalid';
  };
}
