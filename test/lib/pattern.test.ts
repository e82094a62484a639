import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern, PatternError } from '../../src/lib/pattern.js';

const atom = fc.constantFrom(
  'a', 'b', 'é', '😀', '.', '\\d', '\\D', '\\w', '\\W', '\\s', '\\S', '\\b', '\\B', '^', '$', '[ab]', '[^a]', '[]', '[^]',
  '[\\s\\d]', '[^\\s]', '[\\S]', '[^\\W-]', '[\\b]', '[a-c\\-]', '[[]', '\\u0061', '\\u{1F600}', '\\uD83D\\uDE00', '\\x41',
  '\\cJ', '\\0', '\\n', '\\r', '\\t', '\\v', '\\f', '\\/', '\\.', '\\p{L}', '\\P{Lu}', '\\p{Script=Greek}', '-', ' ',
  '[&&]', '[a&&b]', '[^[a]', '\\]', '\\}', '[\\]a]', '[\\^]', '[^^]', '[-a]', '\\$', '(?<name>a)', '#',
); // prettier-ignore
const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,3}', '{0,}', '*?', '+?', '??');
const { pattern } = fc.letrec<{ pattern: string; term: string }>((tie) => ({
  term: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    fc.tuple(atom, quantifier).map(([a, q]) => (/^(\^|\$|\\b|\\B)$/i.test(a) ? a : a + q)),
    fc.tuple(tie('pattern'), quantifier).map(([p, q]) => `(${p})${q}`),
    fc.tuple(tie('pattern'), quantifier).map(([p, q]) => `(?:${p})${q}`),
  ),
  pattern: fc
    .array(tie('term'), { maxLength: 3 })
    .chain((terms) => fc.boolean().map((alternative) => terms.join(alternative ? '|' : ''))),
}));
const text = fc
  .array(
    fc.constantFrom(
      'a', 'b', 'A', 'é', 'α', '😀', ' ', '\n', '\r', '\t', '\v', '\f', '\0', '\b', '\u2028', '\u00a0', '\ufeff', '\u180e',
      '0', '9', '_', '-', '.', '/', '[', ']', '}', '^', '&', '#', '\u{10ffff}', '\u2fff', '$',
    ), // prettier-ignore
    { maxLength: 5 },
  )
  .map((parts) => parts.join(''));

/** ECMA-262 searches from code point to code point; V8's own search also looks inside of a surrogate pair (`/\\B/u` on `a😀a`). */
function matchesNatively(source: string, searched: string): boolean {
  const sticky = new RegExp(source, 'uy');
  for (let at = 0; at <= searched.length; at += (searched.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) {
    sticky.lastIndex = at;
    if (sticky.test(searched)) return true;
  }
  return false;
}

describe('compilePattern', () => {
  it('means what ECMAScript means in Unicode mode', () => {
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 5, maxLength: 5 }), (source, texts) => {
        try {
          new RegExp(source, 'u');
        } catch {
          expect(() => compilePattern(source)).toThrow(PatternError);
          return;
        }
        const matches = compilePattern(source);
        for (const each of texts)
          expect([source, each, matches(each)]).toEqual([source, each, matchesNatively(source, each)]);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    '(?=a)b',
    '(?!a)b',
    '(?<=a)b',
    '(?<!a)b',
    '(?i)a',
    '(?i:a)',
    '(a)\\1',
    '(?<n>a)\\k<n>',
    '(',
    '[',
    'a{2000}',
    '(a?b?){900}',
    '\\A',
    '\\z',
    '[[:alpha:]]',
    '\\pL',
    '\\p{Emoji}',
    '((a{100}){100}){100}',
    '('.repeat(400) + 'a'.repeat(700),
    'a**',
    '\\Qa\\E',
  ])(
    // prettier-ignore
    'refuses %s',
    (source) => {
      expect(() => compilePattern(source)).toThrow(PatternError);
    },
  );

  it.each(['^(a+)+$', '^(([a-z])+.)+[A-Z]([a-z])+$', '(x+x+)+y', '(.*a.{20}){3}$', '^(a|aa|aaa)*$'])(
    'runs %s in linear time over a hostile text',
    (source) => {
      const matches = compilePattern(source);
      const hostile = `${'a'.repeat(65_000)}!`;
      const started = performance.now();
      matches(hostile);
      expect(performance.now() - started).toBeLessThan(2000);
    },
  );
});
