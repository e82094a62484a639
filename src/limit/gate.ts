/** Bounds how many of something run at once. */
export interface Gate {
  /** Takes a place and returns the function that gives it back, or undefined when all are taken. */
  readonly enter: () => (() => void) | undefined;
}

/** A gate with `places` places; nobody waits at it. */
export function createGate(places: number): Gate {
  let taken = 0;
  return {
    enter: () => {
      if (taken >= places) return undefined;
      taken += 1;
      let left = false;
      return () => {
        if (left) return;
        left = true;
        taken -= 1;
      };
    },
  };
}
