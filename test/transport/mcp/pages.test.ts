import { describe, expect, it } from 'vitest';
import { encodeCursor } from '../../../src/transport/cursor.js';
import { createPager, pageSize, type Pager } from '../../../src/transport/mcp/pages.js';

function entries(names: readonly string[]) {
  return names.map((name) => ({ name, value: name }));
}

function walk(pager: Pager<string>): string[] {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = pager(cursor);
    seen.push(...(page?.items ?? []));
    cursor = page?.nextCursor;
  } while (cursor !== undefined);
  return seen;
}

const many = Array.from({ length: 2 * pageSize + 7 }, (_, i) => `tool_${String(i).padStart(5, '0')}`);

describe('pages of a list', () => {
  it('give every entry once, in the order of names', () => {
    expect(walk(createPager(entries([...many].reverse())))).toEqual(many);
  });

  it('of a short list come without a cursor', () => {
    expect(createPager(entries(['b', 'a']))(undefined)).toEqual({ items: ['a', 'b'] });
    expect(createPager(entries([]))(undefined)).toEqual({ items: [] });
  });

  it('that fit exactly come without a cursor', () => {
    expect(createPager(entries(many.slice(0, pageSize)))(undefined)).not.toHaveProperty('nextCursor');
  });

  it('continue behind an entry that has gone since', () => {
    const first = createPager(entries(many))(undefined);
    const later = createPager(entries(many.filter((name) => name !== many[pageSize - 1])));
    expect(later(first?.nextCursor)?.items[0]).toBe(many[pageSize]);
  });

  it('refuse a cursor that is none of ours, and end behind the last name', () => {
    const pager = createPager(entries(many));
    expect(pager('nonsense')).toBeUndefined();
    expect(pager(encodeCursor('zzz'))).toEqual({ items: [] });
  });

  it('are the same object the second time', () => {
    const pager = createPager(entries(many));
    expect(pager(undefined)).toBe(pager(undefined));
  });

  it('of ten thousand entries are quickly made, and cost nothing the second time', () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `tool_${i}`);
    const start = performance.now();
    const pager = createPager(entries(names));
    expect(walk(pager)).toHaveLength(10_000);
    expect(performance.now() - start).toBeLessThan(1_000);
    const again = performance.now();
    for (let i = 0; i < 1_000; i++) pager(undefined);
    expect(performance.now() - again).toBeLessThan(200);
  });
});
