const unfinished = new Set<Promise<unknown>>();

/** Notes work on a thread that nobody can stop and nobody waits for any more. The end of the process would wait for it. */
export function leaveBehind(work: Promise<unknown>): void {
  unfinished.add(work);
  const forget = (): void => void unfinished.delete(work);
  work.then(forget, forget);
}

/** True while work that was left behind goes on. */
export function isWorkLeftBehind(): boolean {
  return unfinished.size > 0;
}
