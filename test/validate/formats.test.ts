import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { schemaCompiler } from '../../src/lib/schema.js';
import { formatNames, formatOf, type Direction } from '../../src/validate/formats.js';

interface Row {
  readonly format: string;
  readonly good: readonly string[];
  readonly bad: readonly string[];
  readonly result?: readonly string[];
}

const rows = parse(readFileSync(new URL('cases/formats.yml', import.meta.url), 'utf8')) as Row[];
const directions: readonly Direction[] = ['argument', 'result'];

const ajv = schemaCompiler();

function advertised(name: string, direction: Direction): (text: string) => boolean {
  const format = formatOf(name, direction)!;
  const validate = ajv.compile({ type: 'string', ...format.advertised });
  return (text) => validate(text);
}

describe.each(rows)('format $format', ({ format, good, bad, result = [] }) => {
  it.each(good)('accepts %j', (text) => {
    for (const direction of directions) {
      expect(formatOf(format, direction)?.test(text)).toBe(true);
      expect(advertised(format, direction)(text)).toBe(true);
    }
  });

  it.each(bad)('refuses %j', (text) => {
    for (const direction of directions) expect(formatOf(format, direction)?.test(text)).toBe(false);
  });

  it('takes in a result, and only there, what a database prints', () => {
    for (const text of result) {
      expect([formatOf(format, 'argument')?.test(text), formatOf(format, 'result')?.test(text)]).toEqual([
        false,
        true,
      ]);
      expect(advertised(format, 'result')(text)).toBe(true);
    }
  });
});

describe('every format', () => {
  it('has cases', () => {
    expect(rows.map((row) => row.format).sort()).toEqual([...formatNames].sort());
  });

  const pieces = [
    ...new Set(
      rows.flatMap(({ good, bad }) => [...good, ...bad]).flatMap((text) => text.split(/(?<=[^0-9A-Za-z])/)),
    ),
  ];
  const near = fc
    .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 2 })), { maxLength: 8 })
    .map((parts) => parts.join(''));

  it.each(formatNames.flatMap((name) => directions.map((direction) => [name, direction] as const)))(
    'accepts nothing that what is advertised refuses: %s as %s',
    (name, direction) => {
      const client = advertised(name, direction);
      fc.assert(
        fc.property(near, (text) => {
          if (formatOf(name, direction)?.test(text)) expect([text, client(text)]).toEqual([text, true]);
        }),
        { numRuns: 3000 },
      );
    },
  );

  it('is unknown by any other name', () => {
    for (const name of ['hostname', '__proto__', 'constructor', ''])
      expect(formatOf(name, 'argument')).toBeUndefined();
  });
});
