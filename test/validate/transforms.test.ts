import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileTransforms, stripHtml } from '../../src/validate/transforms.js';

describe('strip_html', () => {
  it.each([
    ['<b>bold</b> text', 'bold text'],
    ['a < b and b > c', 'a < b and b > c'],
    ['<!-- hidden -->shown', 'shown'],
    ['<scr<script>ipt>alert(1)</script>', 'ipt>alert(1)'],
    ['<<b>script>x', 'script>x'],
    ['<<<b>b>b>x', 'b>b>x'],
    ['text <img src=x', 'text '],
    ['1 <2', '1 <2'],
  ])('%j → %j', (text, stripped) => {
    expect(stripHtml(text)).toBe(stripped);
  });

  it('leaves nothing that begins a tag, whatever came', () => {
    const part = fc.constantFrom('<', '>', 'a', '/', '!', '?', ' ', 'script', '<b>', '</');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        const stripped = stripHtml(parts.join(''));
        expect(stripped).not.toMatch(/<[A-Za-z/!?]/);
        expect(stripHtml(stripped)).toBe(stripped);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('transforms', () => {
  it('run in the order in which they are written', () => {
    expect(compileTransforms(['strip_html', 'trim', 'lowercase'])?.(' <I>X</I> ')).toBe('x');
    expect(compileTransforms(['trim', 'strip_html'])?.('<i> X</i>')).toBe(' X');
    expect(compileTransforms(undefined)).toBeUndefined();
  });
});
