import { expect, it } from 'vitest';
import { isObject } from '../../src/lib/is-object.js';

it.each([
  ['an object', { a: 1 }, true],
  ['one without a prototype', Object.create(null), true],
  ['a list', [{}], false],
  ['null', null, false],
  ['nothing', undefined, false],
  ['a text', '{}', false],
])('%s', (_what, value: unknown, is) => {
  expect(isObject(value)).toBe(is);
});
