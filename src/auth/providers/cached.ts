/** Milliseconds during which a failed load is not tried again, where there is nothing older to go on with. */
const retryMs = 1_000;

/**
 * Gives what `load` gave, for `maxAgeMs`; concurrent callers share one load. When a later load fails, the older result goes on
 * for as long again, and then the failure is the answer.
 */
export function cached<T>(
  load: () => Promise<T>,
  maxAgeMs: number,
  now: () => number = () => performance.now(),
): () => Promise<T> {
  let kept: { readonly value: T; readonly at: number } | undefined;
  let loading: Promise<T> | undefined;
  let failure: { readonly error: unknown; readonly at: number } | undefined;

  async function reload(): Promise<T> {
    const at = now();
    try {
      const value = await load();
      kept = { value, at };
      failure = undefined;
      return value;
    } catch (error) {
      failure = { error, at: now() };
      if (kept !== undefined && now() - kept.at < 2 * maxAgeMs) return kept.value;
      throw error;
    } finally {
      loading = undefined;
    }
  }

  return async () => {
    if (kept !== undefined && now() - kept.at < maxAgeMs) return kept.value;
    if (loading !== undefined) return loading;
    if (failure !== undefined && now() - failure.at < retryMs) {
      if (kept !== undefined && now() - kept.at < 2 * maxAgeMs) return kept.value;
      throw failure.error;
    }
    return (loading = reload());
  };
}
