import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

const version = '1';
const ivBytes = 12;
const tagBytes = 16;

/** One key of a store, made from one secret. Each of its uses has a key of its own. */
export interface StoreKey {
  /** Names the key on every record; tells nothing about it. */
  readonly id: string;
  readonly values: Buffer;
  readonly ids: Buffer;
}

/** The keys for values and for ids that hang below `root` (HKDF-SHA256, RFC 5869). */
export function storeKey(root: Buffer): StoreKey {
  const part = (label: string): Buffer =>
    Buffer.from(hkdfSync('sha256', root, '', `mxcp/store/${label}`, 32));
  return {
    id: part('key-id').subarray(0, 6).toString('base64url'),
    values: part('values'),
    ids: part('ids'),
  };
}

/** Keyed hash (HMAC-SHA256) of a digest that stands for an id or a group. */
export function keyedHash({ ids }: StoreKey, digest: string): string {
  return createHmac('sha256', ids).update(digest).digest('base64url');
}

/** A key of its own for every place, so that no key is near the number of random nonces that GCM allows. */
function placeKey({ values }: StoreKey, place: string): Buffer {
  return createHmac('sha256', values).update(place).digest();
}

/** The text as AES-256-GCM under a random nonce: `<version>.<key id>.<base64url>`, of no use at another `place`. */
export function seal(key: StoreKey, place: string, text: string): string {
  const head = `${version}.${key.id}.`;
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', placeKey(key, place), iv, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(`${head}${place}`));
  const body = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${head}${body.toString('base64url')}`;
}

/** Which key a sealed text is under; undefined for what is no sealed text. */
export function keyIdOf(sealed: string): string | undefined {
  const [first, id, body, more] = sealed.split('.');
  return first === version && body !== undefined && more === undefined ? id : undefined;
}

/** The text of `seal`. Throws when the key or the place is another one, or when anything was changed. */
export function unseal(key: StoreKey, place: string, sealed: string): string {
  const head = `${version}.${key.id}.`;
  const encoded = sealed.slice(head.length);
  const body = Buffer.from(encoded, 'base64url');
  // Several base64url texts can mean the same bytes: only the one that was written is accepted.
  if (
    !sealed.startsWith(head) ||
    body.length < ivBytes + tagBytes ||
    body.toString('base64url') !== encoded
  ) {
    throw new Error('This is no sealed text');
  }
  const decipher = createDecipheriv('aes-256-gcm', placeKey(key, place), body.subarray(0, ivBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(`${head}${place}`));
  decipher.setAuthTag(body.subarray(-tagBytes));
  return decipher.update(body.subarray(ivBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
}
