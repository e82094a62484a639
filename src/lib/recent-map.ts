/** A map that keeps what was used lately. */
export interface RecentMap<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): void;
  delete(key: K): void;
  clear(): void;
}

/**
 * A map of at most `bound` entries, and at least the `bound / 2` that were used last. Two generations instead of an order of
 * use, because a `Map` walks over everything that was deleted at its head.
 */
export function recentMap<K, V>(bound: number): RecentMap<K, V> {
  let young = new Map<K, V>();
  let old = new Map<K, V>();

  function set(key: K, value: V): void {
    young.set(key, value);
    if (young.size * 2 < bound) return;
    old = young;
    young = new Map();
  }

  return {
    get: (key) => {
      const value = young.get(key);
      if (value !== undefined) return value;
      const older = old.get(key);
      if (older !== undefined) set(key, older);
      return older;
    },
    set,
    delete: (key) => {
      young.delete(key);
      old.delete(key);
    },
    clear: () => {
      young.clear();
      old.clear();
    },
  };
}
