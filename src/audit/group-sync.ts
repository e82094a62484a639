/**
 * Makes callers that wait at the same time share one sync: a caller that comes while one runs gets the next, which
 * starts after its own write. Rejects with what `sync` rejects with.
 */
export function groupSync(sync: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  const start = (): Promise<void> => {
    next = undefined;
    const current = sync().finally(() => {
      if (running === current) running = undefined;
    });
    running = current;
    return current;
  };

  return () => {
    if (running === undefined) return start();
    next ??= running.then(start, start);
    return next;
  };
}
