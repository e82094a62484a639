import { describe, expect, it } from 'vitest';
import { didYouMean } from '../../src/lib/did-you-mean.js';

describe('didYouMean', () => {
  it.each([
    ['descripton', 'description'],
    ['paramters', 'parameters'],
    ['sorce', 'source'],
    ['read_only', 'readonly'],
    ['readonlyhint', 'readOnlyHint'],
    ['tgas', 'tags'],
    ['nmae', 'name'],
  ])('offers for %s the nearest word, %s', (word, expected) => {
    const words = [
      'name',
      'tags',
      'description',
      'parameters',
      'source',
      'readonly',
      'readOnlyHint',
      'constructor',
    ];
    expect(didYouMean(word, words)).toBe(expected);
  });

  it.each(['zzz', '', 'x', 'completely', 'a'.repeat(100_000)])('offers nothing that is far away', (word) => {
    expect(didYouMean(word, ['name', 'tags', 'b'.repeat(100_000)])).toBeUndefined();
  });
});
