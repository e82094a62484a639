/** Remembers what may be used once, until it expires. */
export interface SpentStates {
  /** True for the first use; false for another one, and while there is no room to remember it. Times in milliseconds. */
  readonly spend: (id: string, expires: number, now: number) => boolean;
}

/** Remembers at most `size` ids. */
export function createSpentStates(size: number): SpentStates {
  const spent = new Map<string, number>();
  const sweep = (now: number): void => {
    for (const [id, expires] of spent) if (expires <= now) spent.delete(id);
  };
  return {
    spend: (id, expires, now) => {
      if (spent.size >= size) sweep(now);
      if (spent.has(id) || spent.size >= size) return false;
      spent.set(id, expires);
      return true;
    },
  };
}

/** Of this process: a reload replaces the runtime and must forget none. */
export const spentStates: SpentStates = createSpentStates(100_000);
