import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { AuthUnavailableError } from '../../errors.js';
import { discoverJwksUri } from './discovery.js';
import { fetchJson } from './fetch-json.js';

/** How a verifier gets at the keys of its issuer. */
export interface KeySetOptions {
  readonly issuer: string;
  /** Absent: found by discovery. */
  readonly jwksUri?: string | undefined;
  /** How long fetched keys are used, milliseconds. */
  readonly maxAgeMs: number;
  /** `performance.now()`, or a test's clock. */
  readonly now?: () => number;
}

/** Between two fetches that unknown key ids cause, milliseconds. */
const cooldownMs = 30_000;
/** Between two fetches after one that failed, milliseconds. */
const retryMs = 1_000;

type LocalKeys = ReturnType<typeof createLocalJWKSet>;

function localKeys(document: unknown): LocalKeys {
  try {
    return createLocalJWKSet(document as Parameters<typeof createLocalJWKSet>[0]);
  } catch (cause) {
    throw new AuthUnavailableError('The key set of the issuer cannot be read', { cause });
  }
}

/**
 * The issuer's keys, fetched when a token first needs them and again when they are older than `maxAgeMs`. A key id that they
 * do not have causes one further fetch, at most one in 30 s whatever is presented (in 1 s while they fail); concurrent calls
 * share it. While the issuer cannot be reached, keys that were fetched before go on until they are too old; then,
 * `AUTH_UNAVAILABLE`.
 */
export function createKeySet(options: KeySetOptions): JWTVerifyGetKey {
  const { issuer, jwksUri, maxAgeMs, now = () => performance.now() } = options;
  let keys: { readonly find: LocalKeys; readonly fetchedAt: number } | undefined;
  let fetching: Promise<LocalKeys> | undefined;
  let failure: { readonly error: unknown; readonly at: number } | undefined;

  async function load(): Promise<LocalKeys> {
    const startedAt = now();
    try {
      const uri = jwksUri ?? (await discoverJwksUri(issuer));
      const find = localKeys(await fetchJson(uri));
      keys = { find, fetchedAt: startedAt };
      failure = undefined;
      return find;
    } catch (error) {
      failure = { error, at: now() };
      throw error;
    } finally {
      fetching = undefined;
    }
  }

  function fetchKeys(): Promise<LocalKeys> {
    if (fetching === undefined && failure !== undefined && now() - failure.at < retryMs) {
      return Promise.reject(toUnavailable(failure.error));
    }
    return (fetching ??= load());
  }

  return async (header, token) => {
    const known = keys;
    const find = known !== undefined && now() - known.fetchedAt < maxAgeMs ? known.find : await fetchKeys();
    try {
      return await find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || find !== known?.find) throw error;
      if (now() - known.fetchedAt < cooldownMs) throw error;
      return (await fetchKeys())(header, token);
    }
  };
}

function toUnavailable(error: unknown): Error {
  return error instanceof Error
    ? error
    : new AuthUnavailableError('The keys of the issuer cannot be fetched');
}
