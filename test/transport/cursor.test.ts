import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../src/transport/cursor.js';

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

describe('cursors', () => {
  it('give back the name that they continue behind', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        expect(decodeCursor(encodeCursor(name))).toBe(name);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['no base64', '!!!'],
    ['no JSON', 'x'],
    ['another version', encoded([2, 'a'])],
    ['no name', encoded([1, 5])],
    ['too long', encodeCursor('A'.repeat(100_000))],
  ])('that are none of ours are refused: %s', (_name, cursor) => {
    expect(decodeCursor(cursor)).toBeUndefined();
  });
});
