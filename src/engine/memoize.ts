/** Computes a value on its first use and keeps it. */
export function memoize<T>(compute: () => T): () => T {
  let known: { readonly value: T } | undefined;
  return () => (known ??= { value: compute() }).value;
}
