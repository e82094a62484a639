import { describe, expect, it } from 'vitest';
import { InvalidResultError } from '../../src/errors.js';
import type { Json, JsonObject } from '../../src/model/json.js';
import { compileResult } from '../../src/validate/result.js';
import { nodeOf } from './declare.js';

const columns = (...names: string[]): { name: string; type: string }[] =>
  names.map((name) => ({ name, type: 'VARCHAR' }));
const row = (entries: Record<string, Json>): JsonObject =>
  Object.assign(Object.create(null) as JsonObject, entries);

function failure(action: () => unknown): { message: string; path: string } | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof InvalidResultError) return { message: error.message, path: error.path };
    throw error;
  }
  return undefined;
}

const shape = (returns: JsonObject | undefined, rows: readonly JsonObject[], ...names: string[]): Json =>
  compileResult(returns && nodeOf(returns)).shapeRows(rows, columns(...names));
const fault = (returns: JsonObject, value: Json): { message: string; path: string } | undefined =>
  failure(() => compileResult(nodeOf(returns)).check(value));

describe('rows become', () => {
  const one = row({ a: 1 });
  const two = [one, row({ a: 2 })];

  it('the list of them for an array, and without a return type', () => {
    expect(shape({ type: 'array' }, two, 'a')).toBe(two);
    expect(shape(undefined, two, 'a')).toBe(two);
    expect(shape({ type: 'array' }, [], 'a')).toEqual([]);
  });

  it('exactly one row for an object', () => {
    expect(shape({ type: 'object' }, [one], 'a')).toBe(one);
    expect(failure(() => shape({ type: 'object' }, two, 'a'))?.message).toBe(
      "Expected single result for return type 'object', but got 2 results",
    );
  });

  it('exactly one row of one column for a scalar', () => {
    expect(shape({ type: 'integer' }, [one], 'a')).toBe(1);
    expect(shape({ type: 'integer' }, [row({ a: null })], 'a')).toBeNull();
    expect(shape({ type: 'string' }, [row({ ['__proto__']: 'x' })], 'a')).toBeNull();
    expect(failure(() => shape({ type: 'integer' }, two, 'a'))?.message).toBe(
      "Expected single result for return type 'integer', but got 2 results",
    );
    expect(failure(() => shape({ type: 'integer' }, [row({ a: 1, b: 2 })], 'a', 'b'))?.message).toBe(
      "Expected single result for return type 'integer', but got 2 columns",
    );
  });

  it.each(['object', 'string', 'integer', 'number', 'boolean'])('an error when there is none: %s', (type) => {
    expect(failure(() => shape({ type }, [], 'a'))).toEqual({ message: 'No results returned', path: '' });
    expect(shape({ type, nullable: true }, [], 'a')).toBeNull();
  });
});

describe('a result', () => {
  const people = {
    type: 'array',
    items: {
      type: 'object',
      required: ['id', 'address'],
      properties: {
        id: { type: 'integer' },
        address: { type: 'object', properties: { street: { type: 'string', maxLength: 5 } } },
        orders: {
          type: 'array',
          items: { type: 'object', properties: { card: { type: 'string', nullable: false } } },
        },
      },
    },
  };

  it('that fits has no fault', () => {
    expect(
      fault(people, [{ id: 1, address: { street: 'Abc' }, orders: [{ card: 'x' }, {}], other: [1] }]),
    ).toBeUndefined();
  });

  it.each([
    [
      [{ id: 1, address: { street: 'Secret street' } }],
      '[].address.street',
      'expected at most 5 characters, got a string of 13 characters',
    ],
    [[{ id: 'Secret', address: {} }], '[].id', 'expected an integer, got a string of 6 characters'],
    [[{ id: 1.5, address: {} }], '[].id', 'expected an integer, got a number'],
    [[{ id: 1 }], '[].address', 'required, but it is missing'],
    [[{ id: 1, address: {}, orders: [{ card: null }] }], '[].orders[].card', 'expected a string, got null'],
    [[{ id: 1, address: ['Secret'] }], '[].address', 'expected an object, got an array of 1 item'],
    [{ Secret: 1 }, '', 'expected an array, got an object with 1 property'],
  ] as const)(
    'that does not fit is told by place and shape, never by content: %j',
    (value, path, message) => {
      const found = fault(people, value);
      expect(found?.path).toBe(path);
      expect(found?.message).toContain(message);
      expect(found?.message).not.toContain('Secret');
    },
  );

  it('names no key that is not declared', () => {
    const closed = { type: 'object', additionalProperties: false, properties: { a: { type: 'integer' } } };
    expect(fault(closed, { a: 1, Secret: 2 })).toEqual({
      path: '',
      message:
        'The result does not fit its declared type: expected only declared properties, got an object with 2 properties',
    });
  });

  it('may be null below the top level, unless its node says otherwise', () => {
    expect(fault(people, [null, { id: null, address: null }])).toBeUndefined();
    expect(fault({ type: 'array' }, null)?.message).toContain('expected an array, got null');
    expect(fault({ type: 'array', nullable: true }, null)).toBeUndefined();
    expect(fault({ type: 'array', items: { type: 'integer', nullable: false } }, [1, null])?.path).toBe('[]');
    expect(fault({ type: 'array', items: { type: 'string', enum: ['a'] } }, ['a', null])).toBeUndefined();
  });

  it.each([
    ['9007199254740993', {}, true],
    ['-170141183460469231731687303715884105728', {}, true],
    ['9007199254740993', { maximum: 100 }, false],
    ['9007199254740993', { maximum: 1e18 }, true],
    ['2000000000000000000', { maximum: 1e18 }, false],
    ['9007199254740993', { minimum: 0 }, true],
    ['-9007199254740993', { minimum: 0 }, false],
    ['9007199254740993', { multipleOf: 2 }, false],
    ['9007199254740991', {}, false],
    ['42', {}, false],
    ['09007199254740993', {}, false],
    ['9007199254740993.0', {}, false],
    ['Secret', {}, false],
  ])('may carry an integer beyond 2^53 as digits: %s with %j → %s', (value, bounds, fits) => {
    expect(fault({ type: 'integer', ...bounds }, value) === undefined).toBe(fits);
  });

  it('may carry a decimal that no double holds as digits', () => {
    expect(fault({ type: 'number' }, '12345678901234567.89')).toBeUndefined();
    expect(fault({ type: 'number', maximum: 10 }, '12345678901234567.89')).toBeDefined();
    expect(fault({ type: 'number' }, '1e5')).toBeDefined();
  });

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'misses what only a prototype has: %s',
    (name) => {
      const declared = JSON.parse(
        `{"type":"object","required":["${name}"],"properties":{"${name}":{"type":"string"}}}`,
      ) as JsonObject;
      expect(fault(declared, {})?.message).toContain('required, but it is missing');
      expect(fault(declared, JSON.parse(`{"${name}":"x"}`) as Json)).toBeUndefined();
    },
  );

  it('must have different items where it says so, whatever the order of keys', () => {
    const unique = { type: 'array', uniqueItems: true };
    expect(fault(unique, [1, '1', true, null, [1], ['1'], { a: 1 }, { a: 2 }])).toBeUndefined();
    expect(
      fault(unique, [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ]),
    ).toBeDefined();
    expect(fault(unique, ['{"a":1}', { a: 1 }])).toBeUndefined();
  });
});
