import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/model/json.js';
import { maskFunction } from '../../src/policy/mask.js';
import { readCases, typeNode, type NodeText } from './build.js';

interface MaskCase {
  readonly mask: NonNullable<NodeText['mask']>;
  readonly of: Json;
  readonly shows: Json;
}

const key = createSecretKey(Buffer.from('test key'));

function masker(mask: NonNullable<NodeText['mask']>, scope = 'a') {
  const kind = typeNode({ type: 'string', mask }).mask;
  if (!kind) throw new Error('no mask');
  return maskFunction(kind, { key, scope });
}

describe('a mask', () => {
  const cases = (readCases('masks') as readonly MaskCase[]).map(
    (item) => [`${JSON.stringify(item.mask)} of ${JSON.stringify(item.of)}`, item] as const,
  );

  it.each(cases)('%s', (_, item) => {
    expect(masker(item.mask)(item.of)).toEqual(item.shows);
  });

  it.each(['full', 'email', 'phone', 'last4', 'api_key'] as const)(
    '%s shows no more than half of a value, and hides four characters',
    (mask) => {
      const text = fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 40 }),
        fc.emailAddress(),
        fc.stringMatching(/^[0-9+ ()-]{0,20}$/),
        fc.stringMatching(/^sk_[a-z0-9_]{0,30}$/),
      );
      fc.assert(
        fc.property(text, (value) => {
          const masked = masker(mask)(value);
          if (typeof masked !== 'string') throw new TypeError('a text is masked as a text');
          const shown = masked.replace(/[*-]/g, '');
          const part = mask === 'email' ? (value.split('@')[0] ?? '') : value;
          const visible = mask === 'email' ? (shown.split('@')[0] ?? '') : shown;
          expect(visible.length * 2).toBeLessThanOrEqual(part.length);
          if (visible !== '') expect(part.length - visible.length).toBeGreaterThanOrEqual(4);
          expect(masked.isWellFormed()).toBe(true);
        }),
        { numRuns: 500, examples: [['1234""""'], ['\\\\\\\\12345""""']] },
      );
    },
  );

  it('`hash` is equal for equal values of one scope only', () => {
    const hash = masker('hash');
    expect(hash('ann')).toMatch(/^[0-9a-f]{16}$/);
    expect(hash('ann')).toBe(masker('hash')('ann'));
    expect(hash('ann')).not.toBe(hash('bob'));
    expect(hash('ann')).not.toBe(masker('hash', 'b')('ann'));
    expect(hash({ a: 1, b: [2] })).toBe(hash({ b: [2], a: 1 }));
    const other = maskFunction({ kind: 'hash' }, { key: createSecretKey(Buffer.from('other')), scope: 'a' });
    expect(other('ann')).not.toBe(hash('ann'));
  });

  it('takes no time for texts made to be slow', () => {
    const texts = [
      `${'a.'.repeat(50_000)} `,
      `x@${'a.'.repeat(50_000)}`,
      '😀'.repeat(500_000),
      '1'.repeat(1_000_000),
    ];
    const started = performance.now();
    for (const kind of ['email', 'phone', 'last4', 'api_key'] as const)
      for (const text of texts) masker(kind)(text);
    expect(performance.now() - started).toBeLessThan(3000);
  });
});
