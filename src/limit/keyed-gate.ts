/** Bounds how many calls of each caller run at once. */
export interface KeyedGate {
  /** Takes a place and returns the function that gives it back, once; undefined when this key has none left. */
  readonly enter: (key: string) => (() => void) | undefined;
}

/** A gate with `places` places for each key; nobody waits at it, and it keeps nothing of keys without calls. */
export function createKeyedGate(places: number): KeyedGate {
  const taken = new Map<string, number>();
  return {
    enter: (key) => {
      const inside = taken.get(key) ?? 0;
      if (inside >= places) return undefined;
      taken.set(key, inside + 1);
      let left = false;
      return () => {
        if (left) return;
        left = true;
        const now = taken.get(key) ?? 1;
        if (now <= 1) taken.delete(key);
        else taken.set(key, now - 1);
      };
    },
  };
}
