import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/execute/parse-json.js';

const big = '12345678901234567890';

describe('the text of a JSON column', () => {
  it.each([
    [`{"a": ${big}, "b": -${big}, "c": 1.5e3}`, { a: big, b: `-${big}`, c: 1500 }],
    [`{"${big}": "${big}", "q": "\\"${big}\\\\", "n": ${big}}`, { [big]: big, q: `"${big}\\`, n: big }],
    [`[${big}.5, ${big}e2, 9007199254740991]`, [Number(`${big}.5`), Number(`${big}e2`), 9007199254740991]],
    [`not JSON ${big}`, `not JSON ${big}`],
  ])('keeps the digits of big integers, and texts as they are: %s', (text, value) => {
    expect(JSON.parse(JSON.stringify(parseJson(text)))).toEqual(value);
  });

  it('may hold texts as large as limits let them be', () => {
    const [plain, escaped] = ['x'.repeat(2 ** 24), '\n'.repeat(2 ** 23)];
    expect(parseJson(`[${big}, ${JSON.stringify(plain)}, ${JSON.stringify(escaped)}]`)).toEqual([
      big,
      plain,
      escaped,
    ]);
  });
});
