/** Takes items one by one, and says of each when its lot is done. */
export interface Lots<T> {
  /** Rejects with what `work` says of this item. */
  readonly add: (item: T) => Promise<void>;
  /** Resolves when nothing that was added before is left. Never rejects. */
  readonly idle: () => Promise<void>;
}

type Failures = readonly (Error | undefined)[];

interface Waiting<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const nextTurn = Promise.resolve();

function settle(lot: readonly Waiting<unknown>[], failures: Failures): void {
  for (const [index, { resolve, reject }] of lot.entries()) {
    const failure = failures[index];
    if (failure === undefined) resolve();
    else reject(failure);
  }
}

/**
 * Does together what is asked for at the same time: a lot is what comes in one turn of the microtask queue, or while the
 * lot before is at work, in the order in which it came. A lone item waits for nothing. `work` says for each item of a
 * lot what failed, or undefined; when it throws or rejects, each of them fails.
 */
export function inLots<T>(work: (lot: readonly T[]) => Failures | Promise<Failures>): Lots<T> {
  let waiting: Waiting<T>[] = [];
  let running: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    // Who was answered may ask for more at once: that comes into the next lot, which is taken a turn later.
    while ((await nextTurn, waiting.length > 0)) {
      const lot = waiting;
      waiting = [];
      try {
        const failures = work(lot.map(({ item }) => item));
        settle(lot, failures instanceof Promise ? await failures : failures);
      } catch (cause) {
        for (const { reject } of lot) reject(new Error('the lot failed', { cause }));
      }
    }
    running = undefined;
  };

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        running ??= run();
      }),
    idle: () => running ?? Promise.resolve(),
  };
}
