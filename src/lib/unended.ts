/** Work that has begun and not ended, so that somebody can wait for it who did not begin it. */
export interface Unended {
  /** Takes work in and gives it back. */
  readonly begun: <T>(work: Promise<T>) => Promise<T>;
  /** Resolves when all work that has begun by now has ended, well or not. */
  readonly ended: () => Promise<void>;
}

/** Begins with none. It keeps nothing of work that has ended. */
export function createUnended(): Unended {
  const unended = new Set<Promise<unknown>>();
  return {
    begun: (work) => {
      const end = (): void => void unended.delete(work);
      unended.add(work);
      work.then(end, end);
      return work;
    },
    ended: async () => {
      await Promise.allSettled(unended);
    },
  };
}
