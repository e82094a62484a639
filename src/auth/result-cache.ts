import { createHash } from 'node:crypto';
import { recentMap } from '../lib/recent-map.js';
import type { Authenticator, Presented } from './authenticator.js';
import type { VerifiedIdentity } from './identity.js';

interface Kept {
  readonly identity: VerifiedIdentity;
  /** Milliseconds on the monotonic clock. */
  readonly until: number;
}

/** Clocks of a cache; tests give their own. `now`: monotonic, `wall`: since the Unix epoch; both milliseconds. */
export interface Clocks {
  readonly now: () => number;
  readonly wall: () => number;
}

/** Verifies credentials, as long as a result may be kept from memory. */
export interface ResultCache {
  verify(authenticator: Authenticator, presented: Presented): Promise<VerifiedIdentity>;
  /** Forgets everything. */
  clear(): void;
}

const defaultMaxAgeMs = 1_000;
const maxResults = 10_000;

/** What a credential is kept under: the credential itself never is. */
function hashOf({ kind, value }: Presented): string {
  return createHash('sha256').update(`${kind}\0${value}`).digest('base64');
}

/**
 * A cache of positive results by SHA-256 of the credential: never longer than the way in allows, counted from the moment
 * that the check began, and never beyond the identity's expiry. Concurrent checks of one credential are one check. Failures
 * are not kept. Least recently used results make room when there are too many.
 */
export function createResultCache(
  clocks: Clocks = { now: () => performance.now(), wall: () => Date.now() },
  bound = maxResults,
): ResultCache {
  const results = recentMap<string, Kept>(bound);
  const running = new Map<string, Promise<VerifiedIdentity>>();

  function known(key: string): VerifiedIdentity | undefined {
    const kept = results.get(key);
    if (kept === undefined) return undefined;
    if (clocks.now() < kept.until && (kept.identity.expiresAt ?? Infinity) > clocks.wall())
      return kept.identity;
    results.delete(key);
    return undefined;
  }

  async function check(
    key: string,
    authenticator: Authenticator,
    presented: Presented,
  ): Promise<VerifiedIdentity> {
    const { maxAgeMs = defaultMaxAgeMs } = authenticator;
    const until = clocks.now() + maxAgeMs;
    const identity = await authenticator.verify(presented);
    results.set(key, { identity, until });
    return identity;
  }

  return {
    verify: (authenticator, presented) => {
      const key = hashOf(presented);
      const identity = known(key);
      if (identity !== undefined) return Promise.resolve(identity);
      const other = running.get(key);
      if (other !== undefined) return other;
      const checking = check(key, authenticator, presented).finally(() => running.delete(key));
      running.set(key, checking);
      return checking;
    },
    clear: () => results.clear(),
  };
}
