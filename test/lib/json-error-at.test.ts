import { describe, expect, it } from 'vitest';
import { jsonErrorAt } from '../../src/lib/json-error-at.js';

describe('the place where a text stops being JSON', () => {
  it.each([
    ['{bad', 1],
    ['{"a": 1,}', 8],
    ['[1, 2', 5],
    ['{"a" 1}', 5],
    ['{"a": }', 6],
    ['[1 2]', 3],
    ["{'a': 1}", 1],
    ['{"a": 01}', 6],
    ['{"a": tru}', 6],
    ['"open', 0],
    ['{} {}', 3],
    ['', 0],
    ['[[{"a": [1, {"b": nul}]}]]', 18],
  ])('%s: %i', (text, at) => {
    expect(jsonErrorAt(text)).toBe(at);
  });

  it.each(['{}', '[]', ' [1, -2.5e3, "\\u00e9", {"a": [true, false, null]}] ', '"x"', '0'])(
    'is the end of one that is JSON: %s',
    (text) => {
      JSON.parse(text);
      expect(jsonErrorAt(text)).toBe(text.length);
    },
  );

  it('is found in linear time, however deep the text nests', () => {
    const started = performance.now();
    expect(jsonErrorAt('['.repeat(1_000_000))).toBe(1_000_000);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
