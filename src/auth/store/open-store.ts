import type { Origin } from '../../errors.js';
import type { PersistenceSettings } from '../../model/auth-settings.js';
import type { Backend } from './backend.js';
import { openKeys } from './open-keys.js';
import { SealedStore } from './sealed-store.js';
import type { Store } from './store.js';
import { asUnavailable } from './unavailable.js';

export interface StoreOptions {
  readonly settings: PersistenceSettings;
  /** Keeps the records of several projects in one Redis apart. */
  readonly project: string;
  /** The site secret. */
  readonly secret: string;
  /** Secrets and encryption keys of before: what is under them can be read, nothing is written under them. */
  readonly previousSecrets: readonly string[];
  /** Instead of the site secret; what is under the site secret can still be read. */
  readonly encryptionKey?: string | undefined;
  /** Where the setting is, for errors. */
  readonly origin?: Origin | undefined;
  /** Hears of failures that fail no call. */
  readonly warn?: (message: string, error: unknown) => void;
}

/** Only the library of the store that is used is loaded. */
async function openBackend({ settings, project }: StoreOptions): Promise<Backend> {
  if (settings.type === 'sqlite') {
    const { openSqliteBackend } = await import('./sqlite-backend.js');
    return openSqliteBackend(settings.path);
  }
  const { openRedisBackend } = await import('./redis-backend.js');
  return openRedisBackend(settings.url, project);
}

const ignore = (): void => undefined;

/**
 * Opens the store of a site, making it when there is none. Rejects with `CONFIG_INVALID` when it is under another key, and
 * with `AUTH_UNAVAILABLE` when it cannot be reached or opened.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { secret, previousSecrets, encryptionKey, origin, warn = ignore } = options;
  const backend = await openBackend(options);
  try {
    const previous = encryptionKey === undefined ? previousSecrets : [secret, ...previousSecrets];
    const secrets = { current: encryptionKey ?? secret, previous, origin };
    const keys = await asUnavailable(backend.name, () => openKeys(backend, secrets));
    return new SealedStore(backend, keys, warn);
  } catch (error) {
    await backend.close();
    throw error;
  }
}
