import {
  createHmac,
  sign as signBytes,
  timingSafeEqual,
  verify as verifyBytes,
  type KeyObject,
} from 'node:crypto';
import { AuditQueryError, AuditUnavailableError } from '../errors.js';
import { deriveKey, ed25519PrivateKey, ed25519PublicKey } from '../lib/keys.js';

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

/** The signer of a site's log; undefined when there is neither a signing key nor a site secret. Throws `AuditUnavailableError`. */
export function createSigner(keys: SigningKeys): Signer | undefined {
  const { signingKey } = keys;
  if (signingKey !== undefined) {
    const key = ed25519PrivateKey(signingKey);
    if (key === undefined)
      throw new AuditUnavailableError('audit.signing_key is no Ed25519 private key in PEM form');
    return (hash) => `ed25519:${signBytes(null, Buffer.from(hash), key).toString('base64url')}`;
  }
  if (keys.siteSecret === undefined) return undefined;
  const key = deriveKey(keys.siteSecret, 'audit-hmac');
  return (hash) => `hmac-sha256:${hmac(key, hash)}`;
}

/** Throws `AuditQueryError` for a key that is none. */
function publicKeyOf({ publicKey, signingKey }: SigningKeys): KeyObject | undefined {
  const pem = publicKey ?? signingKey;
  if (pem === undefined) return undefined;
  const key = ed25519PublicKey(pem);
  if (key !== undefined) return key;
  const what = publicKey === undefined ? 'audit.signing_key' : 'The public key';
  throw new AuditQueryError(`${what} is no Ed25519 key in PEM form`);
}

function equal(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Base64url without the bits that decoding ignores: no other text than the signer's stands for the same bytes. */
function canonicalBytes(value: string): Buffer | undefined {
  const bytes = Buffer.from(value, 'base64url');
  return bytes.toString('base64url') === value ? bytes : undefined;
}

/**
 * A check of signatures with every key that is given. `no-key` is the answer only to who has none: to somebody with a key,
 * a signature that it cannot check is no better than a forged one.
 */
export function createSignatureCheck(keys: SigningKeys): SignatureCheck {
  const secrets = [keys.siteSecret, ...(keys.previousSecrets ?? [])].filter((one) => one !== undefined);
  const hmacKeys = secrets.map((secret) => deriveKey(secret, 'audit-hmac'));
  const publicKey = publicKeyOf(keys);
  const isHmac = (hash: string, value: string): boolean =>
    hmacKeys.some((key) => equal(hmac(key, hash), value));
  const isEd25519 = (hash: string, value: string): boolean => {
    const bytes = canonicalBytes(value);
    return (
      publicKey !== undefined && bytes !== undefined && verifyBytes(null, Buffer.from(hash), publicKey, bytes)
    );
  };
  return (hash, signature) => {
    if (hmacKeys.length === 0 && publicKey === undefined) return 'no-key';
    const [algorithm, value = ''] = signature.split(':', 2);
    if (algorithm === 'hmac-sha256') return isHmac(hash, value) ? 'valid' : 'invalid';
    return algorithm === 'ed25519' && isEd25519(hash, value) ? 'valid' : 'invalid';
  };
}
