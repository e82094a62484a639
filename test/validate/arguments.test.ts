import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentsError } from '../../src/errors.js';
import type { Json, JsonObject } from '../../src/model/json.js';
import type { Parameter, TypeNode } from '../../src/model/type-node.js';
import { compileArguments } from '../../src/validate/arguments.js';
import { origin } from './arbitrary-type.js';
import { nodeOf } from './declare.js';

interface Case {
  readonly send: Json;
  readonly is?: Json;
  readonly refused?: string;
}

const file = new URL('cases/arguments.yml', import.meta.url);
const groups = parse(readFileSync(file, 'utf8')) as { group: string; parameter: JsonObject; cases: Case[] }[];

const parameter = (name: string, node: Omit<TypeNode, 'origin'>): Parameter => ({
  name,
  node: { ...node, origin },
  header: false,
});

function issuesOf(
  bind: (raw: unknown) => JsonObject,
  raw: unknown,
): readonly { path: string; message: string }[] {
  try {
    bind(raw);
  } catch (error) {
    if (error instanceof InvalidArgumentsError) return error.issues;
    throw error;
  }
  return [];
}

describe.each(groups)('a parameter: $group', ({ parameter: declared, cases }) => {
  const bind = compileArguments([{ name: 'x', node: nodeOf(declared), header: false }]);

  it.each(cases)('$send → $is $refused', ({ send, is, refused }) => {
    const raw = { x: send };
    if (refused === undefined) {
      expect(JSON.parse(JSON.stringify(bind(raw)))).toEqual({ x: is });
      return;
    }
    const issues = issuesOf(bind, raw);
    expect(issues).toHaveLength(1);
    expect(issues[0]?.message).toContain(refused);
  });
});

describe('compileArguments', () => {
  const filters = parameter('filters', {
    type: 'object',
    properties: [{ name: 'since', node: { type: 'string', format: 'date', origin } }],
  });
  const limit = parameter('limit', { type: 'integer', minimum: 1, default: 10 });

  it('tells everything that is wrong at once, with paths', () => {
    const bind = compileArguments([filters, limit, parameter('name', { type: 'string' })]);
    expect(issuesOf(bind, { filters: { since: 'today' }, limit: 0, nme: 'x' })).toEqual([
      { path: '', message: "Unknown parameter: nme (did you mean 'name'?)" },
      {
        path: 'filters.since',
        message: `Error validating parameter 'filters.since': expected a date (2024-01-31), got "today"`,
      },
      { path: 'limit', message: `Error validating parameter 'limit': expected at least 1, got 0` },
      { path: 'name', message: 'Required parameter missing: name' },
    ]);
  });

  it.each([undefined, null, {}])('takes %j for no arguments', (raw) => {
    expect(compileArguments([limit])(raw)).toEqual(Object.assign(Object.create(null), { limit: 10 }));
  });

  it.each(['{}', 1, true, [], [{ limit: 1 }], new Map(), new Date()])('refuses %j as arguments', (raw) => {
    expect(issuesOf(compileArguments([limit]), raw)).toEqual([
      { path: '', message: expect.stringContaining('expected an object') as string },
    ]);
  });

  it('binds names that objects inherit like any other', () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'];
    const bind = compileArguments(names.map((name) => parameter(name, { type: 'string' })));
    const raw: unknown = JSON.parse(`{${names.map((name) => `"${name}":"v"`).join()}}`);
    const bound = bind(raw);
    expect(Object.getPrototypeOf(bound)).toBeNull();
    expect(Object.keys(bound)).toEqual(names);
    expect(issuesOf(bind, {}).map(({ message }) => message)).toEqual(
      names.map((name) => `Required parameter missing: ${name}`),
    );
  });

  it('reaches no prototype through undeclared content', () => {
    const bind = compileArguments([parameter('x', { type: 'object' })]);
    const bound = bind(JSON.parse('{"x": {"__proto__": {"admin": true}, "constructor": {"prototype": 1}}}'));
    const inner = bound['x'] as JsonObject;
    expect(Object.getPrototypeOf(inner)).toBeNull();
    expect(Object.keys(inner)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
    expect(issuesOf(compileArguments([]), JSON.parse('{"__proto__": 1}'))).toHaveLength(1);
  });

  it.each([
    ['a string', { type: 'string', maxLength: 3 }, 'secret-value'],
    ['a number', { type: 'integer', maximum: 3 }, 987654],
    ['text of a wrong type', { type: 'integer' }, 'secret-value'],
    ['an item', { type: 'array', items: { type: 'integer', origin } }, ['secret-value']],
    [
      'a property',
      { type: 'object', properties: [{ name: 'pin', node: { type: 'integer', origin } }] },
      { pin: 'secret-value' },
    ],
    ['a key', { type: 'object', additionalProperties: false }, { 'secret-value': 1 }],
    ['a key of undeclared content', { type: 'object' }, { 'secret-value': Number.NaN }],
    ['JSON text', { type: 'object' }, '{"secret-value": '],
  ] as const)('never quotes a sensitive value: %s', (_, node, value) => {
    const bind = compileArguments([parameter('pin', { ...node, sensitive: true })]);
    const issues = issuesOf(bind, { pin: value });
    expect(issues).toHaveLength(1);
    expect(JSON.stringify(issues)).not.toMatch(/secret-value|987654/);
  });

  it('never quotes a list or object, because something in it may be sensitive', () => {
    const inner = { type: 'integer', origin, sensitive: true } as const;
    const node = { type: 'object', properties: [{ name: 'pin', node: inner }] } as const;
    const issues = issuesOf(compileArguments([parameter('x', node)]), { x: '{"pin": "secret-value"' });
    expect(JSON.stringify(issues)).toContain('expected an object');
    expect(
      issuesOf(compileArguments([parameter('x', { type: 'integer' })]), { x: { pin: 'secret-value' } }),
    ).toEqual([{ path: 'x', message: "Error validating parameter 'x': expected an integer, got an object" }]);
  });

  it.each([
    ['NaN', Number.NaN], ['Infinity', Infinity], ['undefined inside', [undefined]], ['bigint', 1n], ['function', () => 1],
    ['Date', new Date(0)], ['Map', new Map()], ['symbol', Symbol('x')],
  ])('refuses what JSON does not have: %s', (_, value) => {
    for (const type of ['string', 'integer', 'number', 'boolean', 'array', 'object'] as const) {
      expect(issuesOf(compileArguments([parameter('x', { type })]), { x: value })).toHaveLength(1);
    }
  }); // prettier-ignore

  it('refuses lone surrogates, which no database text can hold', () => {
    const bind = compileArguments([parameter('x', { type: 'string' })]);
    expect(issuesOf(bind, { x: 'a\ud800b' })[0]?.message).toContain('without lone surrogates');
    expect(bind({ x: '😀' })).toMatchObject({ x: '😀' });
  });

  it('gives -0 as 0', () => {
    const bind = compileArguments([
      parameter('i', { type: 'integer' }),
      parameter('n', { type: 'number' }),
      parameter('s', { type: 'string' }),
    ]);
    const bound = bind({ i: -0, n: -0, s: -0 });
    expect([Object.is(bound['i'], 0), Object.is(bound['n'], 0), bound['s']]).toEqual([true, true, '0']);
  });

  it('gives every caller the same default and lets none change it', () => {
    const bind = compileArguments([parameter('x', { type: 'array', default: [{ a: 1 }] })]);
    expect(bind({})['x']).toBe(bind({})['x']);
    expect(Object.isFrozen(bind({})['x'])).toBe(true);
  });

  const pin = { type: 'string', sensitive: true, origin } as const;
  const card = { type: 'object', properties: [{ name: 'pin', node: pin }], origin } as const;
  it.each([
    ['for a list of sensitive texts', { type: 'array', items: pin }, 'hunter2secret'],
    ['for an object with a sensitive property', card, 'hunter2secret'],
    ['for a list of such objects', { type: 'array', items: card }, 'hunter2secret'],
    ['in a list of such objects', { type: 'array', items: card }, ['hunter2secret']],
    ['broken JSON text', card, '{"pin": "hunter2secret"'],
    ['a number', { type: 'array', items: pin }, 424242],
  ] as const)('never quotes a value meant for a sensitive place below: %s', (_, node, value) => {
    const issues = issuesOf(compileArguments([parameter('x', node)]), { x: value });
    expect(issues).toHaveLength(1);
    expect(JSON.stringify(issues)).not.toMatch(/hunter2|424242/);
  });

  it('escapes control and invisible characters in what it quotes', () => {
    const bind = compileArguments([parameter('x', { type: 'integer' })]);
    expect(issuesOf(bind, { x: '\u001b[31m\u202e"\\' })[0]?.message).toContain(
      String.raw`got "\u{1b}[31m\u{202e}\"\\"`,
    );
  });
});

describe('a hostile call', () => {
  const within = (ms: number, action: () => void): void => {
    const started = performance.now();
    action();
    expect(performance.now() - started).toBeLessThan(ms);
  };
  const maxLevels = 64;
  const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

  it('gets a bounded number of bounded messages', () => {
    const bind = compileArguments([parameter('x', { type: 'array', items: { type: 'integer', origin } })]);
    const unknown = Object.fromEntries(
      Array.from({ length: 90_000 }, (_, i) => [`${'k'.repeat(2000)}${i}`, 1]),
    );
    for (const raw of [{ x: Array.from({ length: 90_000 }, () => 'a'.repeat(5000)) }, unknown]) {
      const issues = issuesOf(bind, raw);
      expect(issues).toHaveLength(21);
      expect(issues.at(-1)?.message).toContain('more than 20 problems');
      expect(Math.max(...issues.map(({ path, message }) => path.length + message.length))).toBeLessThan(600);
    }
  });

  it.each([
    ['string', undefined], ['string', 'email'], ['string', 'uri'], ['string', 'date-time'], ['string', 'duration'],
    ['integer', undefined], ['number', undefined], ['boolean', undefined],
  ] as const)('of 100 MB does not stop the server: %s %s', (type, format) => {
    const bind = compileArguments([parameter('x', { type, ...(format && { format }) })]);
    for (const unit of ['1', 'a@', '"', '\\', 'https://', 'P1D']) {
      const size = unit === '1' ? 100_000_000 : 10_000_000;
      const text = unit.repeat(size / unit.length);
      within(2000, () => issuesOf(bind, { x: text }));
    }
  }); // prettier-ignore

  it('of 100 MB is not searched by a pattern', () => {
    const bind = compileArguments([parameter('x', { type: 'string', pattern: '^(a+)+$' })]);
    const text = 'a'.repeat(100_000_000);
    within(500, () => expect(issuesOf(bind, { x: text })[0]?.message).toContain('at most 10000 characters'));
  });

  it.each(['<'.repeat(10_000_000), '<b'.repeat(5_000_000), '<<b>'.repeat(2_500_000)])(
    'does not slow down a transform',
    (text) => {
      const bind = compileArguments([parameter('x', { type: 'string', transform: ['strip_html', 'trim'] })]);
      within(5000, () => bind({ x: text }));
    },
  );

  const many = (length: number, item: unknown): unknown[] => Array.from({ length }, () => item);

  it.each([
    ['integers', { type: 'array', items: { type: 'integer', origin } }, many(1_900_000, 1)],
    ['objects that must differ', { type: 'array', uniqueItems: true }, many(280_000, { a: 1 })],
    ['nested lists', { type: 'array' }, many(400_000, [[]])],
    ['members', { type: 'object' }, Object.fromEntries(many(200_000, 0).map((_, i) => [`k${i}`, i]))],
    ['integers in a JSON text', { type: 'array' }, JSON.stringify(many(200_000, 1))],
    ['members in a JSON text', { type: 'object' }, JSON.stringify({ a: many(200_000, 1) })],
    [
      'several JSON texts',
      { type: 'array', items: { type: 'array', origin } },
      many(40, JSON.stringify(many(3_000, 1))),
    ],
  ] as const)('of more than 100000 values is refused before it is looked at: %s', (_, node, value) => {
    const bind = compileArguments([parameter('x', node)]);
    within(2000, () =>
      expect(issuesOf(bind, { x: value })).toEqual([
        { path: '', message: expect.stringContaining('more than 100000 values') as string },
      ]),
    );
  });

  it('may have 100000 values over all arguments, lists and objects included', () => {
    const bind = compileArguments([parameter('x', { type: 'array' }), parameter('y', { type: 'array' })]);
    const full = { x: many(50_000, 1), y: many(49_997, 1) };
    within(2000, () => expect(issuesOf(bind, full)).toEqual([]));
    expect(issuesOf(bind, { ...full, y: many(49_998, 1) })).toHaveLength(1);
  });

  it('of 49000 objects that must differ is compared in time', () => {
    const bind = compileArguments([parameter('x', { type: 'array', uniqueItems: true })]);
    within(1500, () => expect(issuesOf(bind, { x: many(49_000, 0).map((_, i) => ({ a: i })) })).toEqual([]));
  });

  it('cannot nest deeper than 64 levels', () => {
    const bind = compileArguments([parameter('x', { type: 'array' })]);
    expect(issuesOf(bind, { x: nested(maxLevels - 1) })).toEqual([]);
    for (const value of [nested(90_000), nested(100_000), '['.repeat(100_000) + ']'.repeat(100_000)]) {
      const issues = issuesOf(bind, { x: value });
      expect(issues).toHaveLength(1);
      expect(issues[0]?.message).toMatch(/64 levels|too deep|more than 100000 values/);
    }
  });
});
