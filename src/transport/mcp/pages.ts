import { decodeCursor, encodeCursor } from '../cursor.js';

/** Entries per answer of a list method. */
export const pageSize = 500;

/** An entry of a list and the name that orders it. */
export interface Entry<T> {
  readonly name: string;
  readonly value: T;
}

/** One page of a list; without `nextCursor` it is the last. */
interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
}

/** Answers a list method. Undefined for a cursor that is none of ours. */
export type Pager<T> = (cursor: string | undefined) => Page<T> | undefined;

/** The index of the first name that comes after `name`. */
function firstAfter(names: readonly string[], name: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((names[middle] ?? '') <= name) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Pages over entries, ordered by name. A cursor continues behind a name, so that it stays right when entries come and go
 * between two pages, and after a restart. Whole pages are kept: the same answer costs nothing the second time.
 */
export function createPager<T>(entries: readonly Entry<T>[]): Pager<T> {
  const ordered = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = ordered.map(({ name }) => name);
  const values = ordered.map(({ value }) => value);
  const pages = new Map<number, Page<T>>();
  return (cursor) => {
    const last = cursor === undefined ? undefined : decodeCursor(cursor);
    if (cursor !== undefined && last === undefined) return undefined;
    const start = last === undefined ? 0 : firstAfter(names, last);
    const known = pages.get(start);
    if (known) return known;
    const end = start + pageSize;
    const items = Object.freeze(values.slice(start, end));
    const page = end < names.length ? { items, nextCursor: encodeCursor(names[end - 1] ?? '') } : { items };
    if (start % pageSize === 0) pages.set(start, page);
    return page;
  };
}
