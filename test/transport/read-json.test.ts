import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJson, type UnreadableReason } from '../../src/transport/read-json.js';

function reasonOf(text: string | Buffer): UnreadableReason | 'read' {
  const read = readJson(typeof text === 'string' ? Buffer.from(text) : text);
  return read.ok ? 'read' : read.reason;
}

describe('readJson', () => {
  it.each<[string, string | Buffer, UnreadableReason]>([
    ['a duplicate key', '{"a":1,"a":2}', 'duplicate-key'],
    ['a duplicate key written with an escape', String.raw`{"a":1,"\u0061":2}`, 'duplicate-key'],
    ['a duplicate key deep inside', '{"p":[{"q":{"r":1,"r":1}}]}', 'duplicate-key'],
    ['a duplicate key beside colons in strings', '{"a":":::","a":"{}[]"}', 'duplicate-key'],
    ['a duplicate key after escaped quotes', String.raw`{"a\\\"":1,"b\\":2,"b\\":3}`, 'duplicate-key'],
    ['duplicate __proto__', '{"__proto__":1,"__proto__":2}', 'reserved-key'],
    ['__proto__', '{"a":{"__proto__":{"admin":true}}}', 'reserved-key'],
    ['__proto__ written with an escape', String.raw`{"__proto\u005f_":1}`, 'reserved-key'],
    ['a lone high surrogate', String.raw`"\ud800"`, 'surrogate'],
    ['a lone low surrogate as a key', String.raw`{"\uDC00":1}`, 'surrogate'],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'utf8'],
    ['an encoded surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'utf8'],
    ['a byte order mark', '\uFEFF{}', 'syntax'],
    ['nothing', '', 'syntax'],
    ['an unfinished string', '{"a', 'syntax'],
    ['two values', '{} {}', 'syntax'],
    ['a number beyond a double', '{"a":1e999}', 'number'],
    ['65 levels', '['.repeat(65) + ']'.repeat(65), 'depth'],
    ['a million levels', '[{"a":'.repeat(1_000_000), 'depth'],
  ])('refuses %s', (_name, text, reason) => {
    expect(reasonOf(text)).toBe(reason);
  });

  it.each([
    ['64 levels', '['.repeat(64) + ']'.repeat(64)],
    ['a surrogate pair in escapes', String.raw`"\ud83d\ude00"`],
    ['the same key in two objects', '[{"a":1},{"a":1}]'],
    ['constructor and toString as keys', '{"constructor":1,"toString":2,"hasOwnProperty":3}'],
    ['a string of quotes and backslashes', String.raw`{"a\"":"\\","b":"\"{:"}`],
    ['NUL in a string', String.raw`"\u0000"`],
  ])('reads %s', (_name, text) => {
    const read = readJson(Buffer.from(text));
    expect(read).toEqual({ ok: true, value: JSON.parse(text) as unknown });
  });

  it('agrees with JSON.parse on every well-formed value', () => {
    const wellFormed = fc.jsonValue({ noUnicodeString: false, maxDepth: 6 });
    fc.assert(
      fc.property(wellFormed, (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/__proto__|\\u[dD][89a-fA-F]/.test(text));
        expect(readJson(Buffer.from(text))).toEqual({ ok: true, value: JSON.parse(text) as unknown });
      }),
    );
  });

  it('finds a repeated member wherever it is put', () => {
    const key = fc.string({ minLength: 1 }).filter((text) => text !== '__proto__');
    fc.assert(
      fc.property(
        fc.dictionary(key, fc.jsonValue({ maxDepth: 3 }), { minKeys: 1 }),
        fc.nat(),
        (object, pick) => {
          const members = Object.entries(object).map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`);
          const twice = [...members, members[pick % members.length]].join(',');
          fc.pre(!/__proto__|\\u[dD][89a-fA-F]/.test(twice));
          expect(reasonOf(`{"outer":[{${twice}}]}`)).toBe('duplicate-key');
        },
      ),
    );
  });

  it('reads ten megabytes in less than a second', () => {
    const text = Buffer.from(
      JSON.stringify({ rows: Array.from({ length: 200_000 }, (_, i) => ({ id: i, text: 'a"b\\c:{' })) }),
    );
    const start = performance.now();
    expect(readJson(text).ok).toBe(true);
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  it('stays linear in runs of backslashes', () => {
    const text = Buffer.from(`["${'\\\\'.repeat(2_000_000)}"]`);
    const start = performance.now();
    expect(readJson(text).ok).toBe(true);
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(reasonOf(`["${'\\"'.repeat(500_000)}`)).toBe('syntax');
  });
});
