import { randomBytes, scrypt } from 'node:crypto';
import type { Origin } from '../../errors.js';
import { AuthUnavailableError, ConfigInvalidError } from '../../errors.js';
import type { Backend } from './backend.js';
import { seal, storeKey, unseal, type StoreKey } from './seal.js';

/** The key that everything is written under, and those that still open what was written before. */
export interface StoreKeys {
  readonly current: StoreKey;
  readonly previous: readonly StoreKey[];
}

/** The secrets that a store is opened with, the current one first. */
export interface StoreSecrets {
  readonly current: string;
  readonly previous: readonly string[];
  /** Where the setting is, for the error about a wrong key. */
  readonly origin?: Origin | undefined;
}

interface ScryptParameters {
  readonly salt: Buffer;
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

const saltName = 'scrypt';
const ownerName = 'owner';
const checkPrefix = 'key:';
const checkText = 'this key opens this store';

function newParameters(): string {
  return ['1', 32_768, 8, 1, randomBytes(16).toString('base64url')].join('.');
}

/** Bounds keep somebody who can write to the store from making its next start cost all memory. */
function readParameters(text: string, name: string): ScryptParameters {
  const match = /^1\.(\d{4,7})\.(\d{1,2})\.(\d)\.([\w-]{22})$/.exec(text);
  const [N, r, p] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3])];
  const sound = N >= 16_384 && N <= 131_072 && (N & (N - 1)) === 0 && r >= 8 && r <= 16 && p >= 1 && p <= 4;
  if (match === null || !sound) {
    throw new AuthUnavailableError(`The store ${name} is damaged: its key parameters cannot be read`);
  }
  return { N, r, p, salt: Buffer.from(match[4] ?? '', 'base64url') };
}

function derive(secret: string, { salt, N, r, p }: ScryptParameters): Promise<StoreKey> {
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, 32, { N, r, p, maxmem: 256 * N * r }, (error, root) => {
      if (error === null) resolve(storeKey(root));
      else reject(error);
    });
  });
}

const checkPlace = (key: StoreKey): string => `check\0${key.id}`;

function opens(key: StoreKey, check: string): boolean {
  try {
    return unseal(key, checkPlace(key), check) === checkText;
  } catch {
    return false; // of another key, or changed: either way this key proves nothing
  }
}

function checksIn(meta: ReadonlyMap<string, string>): string[] {
  return [...meta].flatMap(([name, value]) => (name.startsWith(checkPrefix) ? [value] : []));
}

function refuseKey(name: string, origin: Origin | undefined): ConfigInvalidError {
  return new ConfigInvalidError([
    {
      severity: 'error',
      rule: 'auth-store-key',
      message: `The store ${name} was written under another key than the configured one, or is damaged`,
      remedy:
        'Configure the secret_key (or auth.encryption_key) that it was written under; after a rotation, list that one in ' +
        'auth.previous_keys. To start over, with everyone signed out and all API keys gone, move the store away.',
      origin: origin ?? { file: name, line: 1, column: 1 },
    },
  ]);
}

async function parameters(backend: Backend, meta: ReadonlyMap<string, string>): Promise<ScryptParameters> {
  const stored = meta.get(saltName);
  if (stored !== undefined) return readParameters(stored, backend.name);
  const { rows } = await backend.page(undefined);
  if (rows.length > 0) {
    throw new AuthUnavailableError(`The store ${backend.name} is damaged: its key parameters are gone`);
  }
  return readParameters(await backend.claimMeta(saltName, newParameters()), backend.name);
}

/**
 * Derives the keys of a store, by scrypt with the store's own salt, and proves that they are all its keys. A new store is
 * given its salt now. Throws `CONFIG_INVALID` when anything in it may be under another key: it never looks empty then.
 */
export async function openKeys(backend: Backend, secrets: StoreSecrets): Promise<StoreKeys> {
  const fit = await parameters(backend, await backend.readMeta());
  const previousSecrets = [...new Set(secrets.previous)].filter((secret) => secret !== secrets.current);
  const [current, ...previous] = await Promise.all([
    derive(secrets.current, fit),
    ...previousSecrets.map((secret) => derive(secret, fit)),
  ]);
  // Of two processes with different secrets that make a store at once, the first owns it.
  const owner = await backend.claimMeta(ownerName, current.id);
  const keys = [current, ...previous];
  const checks = checksIn(await backend.readMeta());
  const known = checks.every((check) => keys.some((key) => opens(key, check)));
  const mine = checks.length > 0 || keys.some(({ id }) => id === owner);
  if (!known || !mine) throw refuseKey(backend.name, secrets.origin);
  await backend.claimMeta(`${checkPrefix}${current.id}`, seal(current, checkPlace(current), checkText));
  return { current, previous };
}

/** After everything was written again: the checks of all keys but the current one go. */
export async function forgetKeys(backend: Backend, { current }: StoreKeys): Promise<void> {
  for (const name of (await backend.readMeta()).keys()) {
    if (name.startsWith(checkPrefix) && name !== `${checkPrefix}${current.id}`)
      await backend.removeMeta(name);
  }
}
