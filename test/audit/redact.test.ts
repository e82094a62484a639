import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createKeyedHash } from '../../src/audit/keyed-hash.js';
import { redactPatterns } from '../../src/audit/patterns.js';
import { createRedactor, cutText } from '../../src/audit/redact.js';
import { redactSql } from '../../src/audit/redact-sql.js';
import { applyStrategy } from '../../src/audit/strategy.js';
import type { RedactionStrategy } from '../../src/model/settings.js';
import type { TypeNode } from '../../src/model/type-node.js';
import { auditSettings, siteSecret } from './support.js';

interface TextCase {
  readonly name: string;
  readonly text: string;
  readonly wanted: string;
  readonly keep?: true;
}

const cases = parse(readFileSync(new URL('cases/redaction.yml', import.meta.url), 'utf8')) as {
  readonly patterns: readonly TextCase[];
  readonly pairs: readonly TextCase[];
  readonly values: readonly { name: string; value: unknown; wanted: unknown }[];
  readonly sql: readonly TextCase[];
  readonly strategies: readonly { strategy: RedactionStrategy; text: string; wanted: string }[];
};

const hash = createKeyedHash(siteSecret);
const origin = { file: 'x.yml', line: 1, column: 1 };
const redactor = createRedactor(auditSettings('/x.jsonl'), hash);
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** The least processor time of three runs, milliseconds: what the work costs, whoever else is at work on this machine. */
function leastCpuMs(work: () => unknown): number {
  const costs = [1, 2, 3].map(() => {
    const started = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(started);
    return (user + system) / 1000;
  });
  return Math.min(...costs);
}

describe('a text', () => {
  it.each(cases.patterns)('with $name', ({ text, wanted, keep }) => {
    expect(redactPatterns(text)).toBe(keep === true ? text : wanted);
  });

  it.each(cases.pairs)('with a secret behind its key: $name', ({ text, wanted, keep }) => {
    expect(redactor.text(text)).toBe(keep === true ? text : wanted);
    expect(redactor.value({ note: text })).toEqual({ note: keep === true ? text : wanted });
  });

  it('keeps identifiers and times: few of them look like a card number', () => {
    const kept = (text: string): boolean => redactPatterns(text) === text;
    let uuids = 0;
    let stamps = 0;
    for (let index = 0; index < 1000; index += 1) {
      if (kept(randomUUID())) uuids += 1;
      if (kept(`at ${new Date(1.7e12 + index * 7_654_321).toISOString()} row ${index}`)) stamps += 1;
    }
    expect([uuids, stamps]).toEqual([1000, 1000]);
  });

  it('costs linear time, whatever it is', () => {
    for (const unit of [
      '1 ',
      '1-',
      '12345',
      'eyJ',
      'eyJaaaaa.',
      'Bearer ',
      '-----BEGIN PRIVATE KEY-----',
      '9'.repeat(18) + ' ',
      '4111 ',
      '4111.',
      '１\u2011',
      'password',
      'password=',
      'token: "',
      'secret=[',
      'authorization: digest a=b, ',
      '\\"',
    ]) {
      const text = unit.repeat(Math.ceil(4096 / unit.length));
      const cost = leastCpuMs(() => redactor.text(text));
      expect(cost, unit).toBeLessThan(100);
    }
  });
});

describe('a value', () => {
  it.each(cases.values)('with $name', ({ value, wanted }) => {
    expect(plain(redactor.value(value))).toEqual(wanted);
  });

  const node: TypeNode = {
    type: 'object',
    origin,
    properties: [
      { name: 'ssn', node: { type: 'string', origin, sensitive: true } },
      { name: 'open', node: { type: 'string', origin } },
      {
        name: 'list',
        node: {
          type: 'array',
          origin,
          items: {
            type: 'object',
            origin,
            properties: [{ name: 'pin', node: { type: 'integer', origin, sensitive: true } }],
          },
        },
      },
      { name: 'whole', node: { type: 'object', origin, sensitive: true } },
      { name: 'constructor', node: { type: 'string', origin, sensitive: true } },
    ],
  };

  it('shows nothing of sensitive nodes, at any depth, whatever stands there', () => {
    const value = {
      ssn: ['a', { b: 'c' }],
      open: 'yes',
      list: [{ pin: 1234, other: 1 }],
      whole: { x: 1 },
      constructor: 'c',
    };
    expect(plain(redactor.value(value, node))).toEqual({
      ssn: '[REDACTED]',
      open: 'yes',
      list: [{ pin: '[REDACTED]', other: 1 }],
      whole: '[REDACTED]',
      constructor: '[REDACTED]',
    });
  });

  it('shows nothing of them where SQL gives their names in another case', () => {
    const value = { SSN: '123', List: [{ PIN: 1234 }], open: 'yes' };
    expect(plain(redactor.value(value, node))).toEqual({
      SSN: '[REDACTED]',
      List: [{ PIN: '[REDACTED]' }],
      open: 'yes',
    });
  });

  it('is shown in part where the site says so', () => {
    const partly = createRedactor(
      auditSettings('/x.jsonl', { redactFields: { Email: 'email', ssn: 'hash' } }),
      hash,
    );
    const shown = plain(partly.value({ email: 'anna@example.com', ssn: '123' }, node)) as Record<
      string,
      string
    >;
    expect(shown['email']).toBe('a***a@example.com');
    expect(shown['ssn']).toMatch(/^hmac:[0-9a-f]{16}$/);
  });

  it('is shown in part in lists too, and hidden as a whole where a strategy has no form for it', () => {
    const fields = {
      ids: 'partial',
      home: 'hash',
      sick: 'truncate',
      big: 'partial',
      list: 'partial',
    } as const;
    const partly = createRedactor(auditSettings('/x.jsonl', { redactFields: fields }), hash);
    const value = {
      ids: ['abcdefghij', 'short', 1234567890, null, ['abcdefghij']],
      home: { street: 'Main Street' },
      sick: true,
      big: 1234567890n,
      list: [{ pin: 1234 }],
    };
    expect(plain(partly.value(value, node))).toEqual({
      ids: ['ab***ij', '[REDACTED]', '12***90', null, '[REDACTED]'],
      home: '[REDACTED]',
      sick: '[REDACTED]',
      big: '12***90',
      list: ['[REDACTED]'],
    });
  });

  it('is replaced by size and hash when it is too large, also as a whole', () => {
    expect(redactor.value('x'.repeat(5000))).toMatchObject({
      truncated: true,
      bytes: 5000,
      hash: expect.stringMatching(/^hmac:/) as string,
    });
    expect(redactor.value('ä'.repeat(3000))).toMatchObject({ truncated: true, bytes: 6000 });
    expect(redactor.value(Array.from({ length: 100_000 }, () => 'word'))).toMatchObject({
      truncated: true,
      bytes: 700_001,
    });
  });

  it('of 100 MB costs no more than its hash', () => {
    const value = { a: 'x'.repeat(100_000_000) };
    expect(redactor.value(value)).toMatchObject({ a: { truncated: true, bytes: 100_000_000 } });
    expect(leastCpuMs(() => redactor.value(value))).toBeLessThan(3000);
  });

  it('that is cyclic, deep, or full of odd things has a form', () => {
    const cyclic: Record<string, unknown> = { list: [] };
    cyclic['self'] = cyclic;
    (cyclic['list'] as unknown[]).push(cyclic, cyclic);
    expect(redactor.value(cyclic)).toEqual({ truncated: true });
    let deep: unknown = 1;
    for (let level = 0; level < 50_000; level += 1) deep = [deep];
    expect(JSON.stringify(redactor.value(deep))).toContain('truncated');
    const odd = {
      nan: NaN,
      inf: Infinity,
      big: 10n,
      nothing: undefined,
      fn: () => 1,
      sym: Symbol('x'),
      date: new Date(0),
    };
    expect(plain(redactor.value(odd))).toEqual({
      nan: null,
      inf: null,
      big: '10',
      fn: null,
      sym: null,
      date: {},
    });
    expect(redactor.value('\ud800x')).toBe('\ufffdx');
    expect(plain(redactor.value(JSON.parse('{"__proto__":{"a":1}}')))).toEqual(
      JSON.parse('{"__proto__":{"a":1}}'),
    );
  });

  it('is never changed itself, and never throws', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true }),
        (value) => {
          const before = structuredClone(value);
          const copy = redactor.value(value);
          expect(value).toEqual(before);
          expect(() => JSON.parse(JSON.stringify(copy)) as unknown).not.toThrow();
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('SQL', () => {
  it.each(cases.sql)('with $name', ({ text, wanted }) => expect(redactSql(text)).toBe(wanted));

  it.each(["'", "e'", '"'])('has one literal of any length behind %s', (open) => {
    const text = `${open}${'x'.repeat(20_000_000)}${open.slice(-1)}`;
    expect(redactSql(`SELECT ${text} FROM t`)).toBe(`SELECT ${open === '"' ? text : '?'} FROM t`);
  });

  it('costs linear time, whatever it is', () => {
    for (const unit of ["'", '"', '$', '$$', '/*', "e'", '1.', "''\\"]) {
      const cost = leastCpuMs(() => redactSql(unit.repeat(20_000)));
      expect(cost, unit).toBeLessThan(500);
    }
  });
});

describe('strategies', () => {
  it.each(cases.strategies)('$strategy of $text', ({ strategy, text, wanted }) => {
    expect(applyStrategy(strategy, text, hash)).toBe(wanted);
  });

  it('hash is keyed', () => {
    const other = createKeyedHash('another secret of a site');
    expect(applyStrategy('hash', 'x', hash)).not.toBe(applyStrategy('hash', 'x', other));
    expect(applyStrategy('hash', 'x', undefined)).toBe('[REDACTED]');
  });
});

describe('names that a stranger chose', () => {
  it('are cut at 256 bytes, on the border of a character', () => {
    expect(Buffer.byteLength(redactor.name('ä'.repeat(300)))).toBe(256);
    expect(redactor.name('x'.repeat(300))).toHaveLength(256);
    expect(cutText('😀'.repeat(3), 9)).toBe('😀😀');
    expect(cutText('abc', 2)).toBe('ab');
  });
});
