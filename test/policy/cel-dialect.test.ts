import { Environment } from '@marcbachmann/cel-js';
import { describe, expect, it } from 'vitest';
import { typeOfNode } from '../../src/policy/cel/cel-type.js';
import { compileCondition } from '../../src/policy/cel/compile-condition.js';
import { createFrame } from '../../src/policy/cel/frame.js';
import { evaluate } from '../../src/policy/evaluate.js';
import { argumentsOf, source, subject, typeNode } from './build.js';

const reference = new Environment()
  .registerVariable('n', 'int')
  .registerVariable('x', 'double')
  .registerVariable('s', 'string')
  .registerVariable('items', 'list<int>');
const values = { n: 7, x: 2.5, s: 'Hello world', items: [1, 2, 3] };
const referenceValues = { n: 7n, x: 2.5, s: 'Hello world', items: [1n, 2n, 3n] };
const parameters = new Map([
  ['n', typeOfNode(typeNode({ type: 'integer' }))],
  ['x', typeOfNode(typeNode({ type: 'number' }))],
  ['s', typeOfNode(typeNode({ type: 'string' }))],
  ['items', typeOfNode(typeNode({ type: 'array', items: { type: 'integer' } }))],
]);

/** Where nothing is in error, this dialect says what the CEL engine says. */
const agreements = [
  'n + 3 * 2 == 13',
  'n / 2 == 3',
  '-n / 2 == -3',
  'n % 3 == 1',
  '-n % 3 == -1',
  'x * 2.0 == 5.0',
  'x / 2.0 == 1.25',
  'n > 6 && n < 8 || false',
  'n > 6 || n < 2 && false',
  '!(n == 7) == false',
  "s == 'Hello world'",
  "s + '!' == 'Hello world!'",
  "s.contains('lo w') && s.startsWith('Hell') && s.endsWith('ld')",
  "s.matches('^H.*d$')",
  "s.matches('o')",
  's.size() == 11 && size(s) == 11',
  "s.indexOf('o') == 4 && s.lastIndexOf('o') == 7",
  "s.substring(6) == 'world' && s.substring(0, 5) == 'Hello'",
  "s.lowerAscii() == 'hello world' && s.upperAscii() == 'HELLO WORLD'",
  "s.split(' ') == ['Hello', 'world']",
  "['a', 'b'].join(',') == 'a,b'",
  '2 in items && !(5 in items)',
  'items[1] == 2',
  'items.all(i, i > 0) && items.exists(i, i == 3) && items.exists_one(i, i > 2)',
  'items.map(i, i * 2) == [2, 4, 6]',
  'items.map(i, i > 1, i * 2) == [4, 6]',
  'items.filter(i, i > 1).size() == 2',
  'items + [4] == [1, 2, 3, 4]',
  "{'a': 1}.a == 1 && 'a' in {'a': 1} && {'a': 1} == {'a': 1}",
  'n > 5 ? true : false',
  "s < 'Jello' && s >= 'Hello'",
  "int('42') == 42 && string(42) == '42' && double('1.5') == 1.5 && bool('true')",
  "timestamp('2024-01-15T14:30:45.123Z').getHours() == 14",
  "timestamp('2024-01-15T14:30:45.123Z').getMilliseconds() == 123",
  "timestamp('2024-01-15T14:30:45Z').getDayOfWeek() == 1 && timestamp('2024-01-15T14:30:45Z').getMonth() == 0",
  "timestamp('2024-01-15T14:30:45Z') - timestamp('2024-01-15T14:30:00Z') == duration('45s')",
  "timestamp('2024-01-15T14:30:45Z') + duration('1h') > timestamp('2024-01-15T15:00:00Z')",
  "timestamp('2024-01-15T23:30:45Z').getHours('Asia/Tokyo') == 8",
  "duration('1h30m').getMinutes() == 90",
];

describe('the dialect', () => {
  it.each(agreements)('agrees with the CEL engine: %s', (expression) => {
    const condition = compileCondition(source(expression), 'input', parameters);
    const verdict = evaluate(condition, createFrame(subject(), argumentsOf(values)));
    expect(verdict.matched).toBe(reference.evaluate(expression, referenceValues));
    expect(verdict.matched).toBe(true);
  });
});
