import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/model/json.js';
import { checkParameters, checkTypeNode } from '../../src/validate/check-type.js';
import { nodeOf } from './declare.js';
import { origin } from './arbitrary-type.js';

const rules = (written: JsonObject, path = 'parameters.x'): string[] =>
  checkTypeNode(nodeOf(written), path).map(({ severity, rule }) => `${severity} ${rule}`);

describe('a declared type', () => {
  it.each([
    { type: 'string', enum: ['a', 'b'], default: 'a', examples: ['b'] },
    { type: 'integer', default: null, minimum: 1 },
    { type: 'integer', default: '9223372036854775807' },
    { type: 'integer', enum: [1, '9007199254740993'] },
    { type: 'number', default: 19.99, multipleOf: 0.01 },
    { type: 'string', pattern: '^[A-Z]{2}-\\d+$', default: 'AB-1', nullable: true, examples: [null] },
    { type: 'object', default: {}, required: ['a'], properties: { a: { type: 'integer', default: 1 } } },
    { type: 'array', items: { type: 'string', format: 'email' }, default: [] },
    { type: 'string', enum: ['a'], nullable: true },
  ])('that is sound has no problem: %j', (written) => {
    expect(rules(written as JsonObject)).toEqual([]);
  }); // prettier-ignore

  it.each([
    [{ type: 'integer', default: '5' }, 'error literal-does-not-fit'],
    [{ type: 'integer', default: '9223372036854775808' }, 'error literal-does-not-fit'],
    [{ type: 'string', default: 5 }, 'error literal-does-not-fit'],
    [{ type: 'string', enum: ['a', 1] }, 'error literal-does-not-fit'],
    [{ type: 'string', enum: ['a'], default: 'b' }, 'error literal-does-not-fit'],
    [{ type: 'string', format: 'date', examples: ['today'] }, 'error literal-does-not-fit'],
    [
      { type: 'object', properties: { a: { type: 'integer' } }, default: { a: 'x' } },
      'error literal-does-not-fit',
    ],
    [{ type: 'string', pattern: '(' }, 'error invalid-pattern'],
    [{ type: 'string', pattern: '(?=a)b' }, 'error invalid-pattern'],
    [{ type: 'string', pattern: '(a)\\1' }, 'error invalid-pattern'],
    [{ type: 'string', pattern: '(a{1000}b{1000}){1}' }, 'error invalid-pattern'],
    [{ type: 'string', format: 'hostname' }, 'error unknown-format'],
    [{ type: 'string', format: '__proto__' }, 'error unknown-format'],
    [{ type: 'integer', minimum: 2, maximum: 1 }, 'error contradiction'],
    [{ type: 'integer', exclusiveMinimum: 1, exclusiveMaximum: 1 }, 'error contradiction'],
    [{ type: 'string', minLength: 2, maxLength: 1 }, 'error contradiction'],
    [{ type: 'array', minItems: 2, maxItems: 1 }, 'error contradiction'],
    [{ type: 'string', enum: [] }, 'error contradiction'],
    [{ type: 'number', multipleOf: 0 }, 'error invalid-bound'],
    [{ type: 'string', minLength: -1 }, 'error invalid-bound'],
    [{ type: 'string', maxLength: 1.5 }, 'error invalid-bound'],
    [{ type: 'string', enum: ['a', 'a'] }, 'warning duplicate-enum'],
    [{ type: 'string', enum: ['A'], transform: ['lowercase'] }, 'error unreachable-enum'],
    [{ type: 'object', required: ['a'], additionalProperties: false }, 'error unknown-property'],
  ] as [JsonObject, string][])('%j has the problem "%s"', (written, expected) => {
    expect(rules(written)).toEqual([expected]);
    const nested = { type: 'object', properties: { inner: { type: 'array', items: written } } };
    const [problem] = checkTypeNode(nodeOf(nested), 'parameters.x');
    expect(problem?.message).toMatch(/^parameters\.x\.inner\.items: /);
    expect(problem?.origin).toEqual(origin);
  });

  it('is told all of its problems, quoting no literal', () => {
    const problems = checkTypeNode(
      nodeOf({
        type: 'object',
        properties: { a: { type: 'string', pattern: '(' }, b: { type: 'integer', default: 'Secret' } },
      }),
      'parameters.x',
    );
    expect(problems.map(({ rule }) => rule)).toEqual(['invalid-pattern', 'literal-does-not-fit']);
    expect(JSON.stringify(problems)).not.toContain('Secret');
  });

  it('nests at most 64 levels', () => {
    let written: JsonObject = { type: 'string' };
    for (let level = 0; level < 70; level++) written = { type: 'array', items: written };
    expect(rules(written)).toEqual(['error type-too-deep']);
  });
});

describe('header parameters', () => {
  const header = (
    name: string,
    written: JsonObject,
  ): { name: string; node: ReturnType<typeof nodeOf>; header: true } => ({
    name,
    node: nodeOf(written),
    header: true,
  });

  it('are strings, integers and booleans with names of their own, and never sensitive', () => {
    const sound = [
      header('a', { type: 'string' }),
      header('b', { type: 'integer' }),
      header('c', { type: 'boolean' }),
    ];
    expect(checkParameters(sound)).toEqual([]);
    for (const wrong of [
      header('d', { type: 'number' }),
      header('d', { type: 'object' }),
      header('d', { type: 'string', sensitive: true }),
      header('A', { type: 'string' }),
    ]) {
      expect(checkParameters([...sound, wrong]).map(({ rule }) => rule)).toEqual(['invalid-header']);
    }
  });
});
