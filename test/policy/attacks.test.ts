import { Environment } from '@marcbachmann/cel-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/model/json.js';
import { typeOfNode } from '../../src/policy/cel/cel-type.js';
import { compileCondition } from '../../src/policy/cel/compile-condition.js';
import { createFrame } from '../../src/policy/cel/frame.js';
import { compileRules } from '../../src/policy/compile-rules.js';
import { evaluate } from '../../src/policy/evaluate.js';
import { argumentsOf, context, endpoint, source, subject, typeNode } from './build.js';

const parameters = new Map([
  ['text', typeOfNode(typeNode({ type: 'string' }))],
  ['list', typeOfNode(typeNode({ type: 'array' }))],
  ['few', typeOfNode(typeNode({ type: 'array', maxItems: 1000 }))],
  ['map', typeOfNode(typeNode({ type: 'object' }))],
]);

function ask(condition: string, args: Readonly<Record<string, Json>>) {
  const compiled = compileCondition(source(condition), 'input', parameters);
  return evaluate(compiled, createFrame(subject({ role: 'user' }), argumentsOf(args)));
}

function timed<T>(work: () => T): readonly [T, number] {
  const started = performance.now();
  const result = work();
  return [result, performance.now() - started];
}

describe('a condition made to be slow', () => {
  it('matches catastrophic patterns in linear time', () => {
    const text = `${'a'.repeat(50_000)}!`;
    const [verdict, ms] = timed(() => ask("text.matches('^(a+)+$')", { text }));
    expect(verdict).toEqual({ matched: false });
    expect(ms).toBeLessThan(3000);
  });

  it.each([
    'list.all(x, x >= 0)',
    'list.map(x, x).size() > 5',
    'list.exists(x, x < 0)',
    '99999999 in list',
    'list == list.map(x, x)',
    'few.all(f, list.exists(x, x == -1))',
    'size(list + list) > 5',
    "text.split('').size() > 5",
    'few.all(f, size(map) > f)',
  ])('%s over millions of elements ends at the budget', (condition) => {
    const args = {
      list: Array.from({ length: 1_000_000 }, (_, i) => i),
      few: [1, 2],
      text: 'x'.repeat(1_000_000),
      map: Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`k${i}`, i])),
    };
    const [verdict, ms] = timed(() => ask(condition, args));
    expect(verdict).toMatchObject({ matched: 'not-evaluable' });
    expect('error' in verdict ? verdict.error : '').toMatch(/more than 100000 elements visited at 1:\d+/);
    expect(ms).toBeLessThan(3000);
  });

  it('pays for long texts that it reads again and again', () => {
    const args = { list: Array.from({ length: 90_000 }, () => 'b'), text: 'a'.repeat(2_000_000) };
    const [verdict, ms] = timed(() => ask('list.exists(x, text.contains(x))', args));
    expect(verdict).toMatchObject({ matched: 'not-evaluable' });
    expect(ms).toBeLessThan(3000);
  });

  it.each([
    'text.contains(list[0])',
    'text.indexOf(list[0]) > 0',
    'text.lastIndexOf(list[1]) > 0',
    'text.contains(list[2])',
    'text.lastIndexOf(list[2]) > 0',
    'text.split(list[0]).size() > 5',
    "text.lowerAscii().upperAscii().lowerAscii().upperAscii() == ''",
  ])('%s of millions of characters that nearly match ends at the budget', (condition) => {
    const half = 'a'.repeat(2000);
    const args = { list: [`b${half}`, `${half}b`, `${half}b${half}`], text: 'a'.repeat(3_000_000) };
    const [verdict, ms] = timed(() => ask(condition, args));
    expect('error' in verdict ? verdict.error : '').toMatch(/more than 100000 elements visited at 1:\d+/);
    expect(ms).toBeLessThan(1500);
  });

  it.each([
    ["text.contains('a rather ordinary sentence, as rules look for') || text.endsWith('a')", 3_000_000],
    ['text.lastIndexOf(list[0]) == 0 || text.split(list[0]).size() == 1', 5000],
    ["size(text) > 5 && text.lowerAscii() != ''", 2_000_000],
  ])('%s is still found out about %i characters', (condition, length) => {
    const args = { list: ['b'.repeat(1000)], text: 'a'.repeat(length) };
    expect(ask(condition, args)).toMatchObject({ matched: true });
  });

  it('compares values that are nested too deeply without ending the process', () => {
    let deep: Json = 1;
    for (let i = 0; i < 50_000; i++) deep = [deep];
    expect(ask('list == [list]', { list: deep })).toMatchObject({ matched: 'not-evaluable' });
  });

  it('is refused when it is long', () => {
    expect(() =>
      compileCondition(source(`${'('.repeat(5000)}true${')'.repeat(5000)}`), 'input', parameters),
    ).toThrow();
    expect(() =>
      compileCondition(source(Array(5000).fill('true').join(' && ')), 'input', parameters),
    ).toThrow();
  });
});

describe('a time beyond every calendar', () => {
  it.each(['request.time.getHours() > 5', "request.time.getHours('Europe/Zurich') > 5"])(
    '%s',
    (condition) => {
      const compiled = compileCondition(source(condition), 'input', parameters);
      const frame = createFrame(subject({ role: 'user' }, { time: 9e18 }), argumentsOf());
      expect(evaluate(compiled, frame)).toEqual({
        matched: 'not-evaluable',
        error: 'timestamp out of range at 1:1',
      });
    },
  );
});

describe('whatever the arguments, results and claims', () => {
  const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;

  it('a rule that allows only an exact text allows nothing else', () => {
    const { rules } = compileRules(
      endpoint({
        parameters: { team: { type: 'string' } },
        input: [{ condition: 'team != user.claims.team' }],
      }),
      context(),
    );
    fc.assert(
      fc.property(json, json, (team, claim) => {
        const denial = rules?.authorize(subject({ claims: { team: claim } }), argumentsOf({ team })).denial;
        if (denial === undefined) {
          expect(claim).not.toBeNull();
          expect(JSON.stringify(team).replaceAll('-0', '0')).toBe(
            JSON.stringify(claim).replaceAll('-0', '0'),
          );
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('a masked or removed value is nowhere in what leaves', async () => {
    const { rules } = compileRules(
      endpoint({
        output: [
          { action: 'mask_fields', fields: ['**.ssn'] },
          { action: 'filter_fields', fields: ['**.card'] },
        ],
      }),
      context(),
    );
    const key = fc.constantFrom('ssn', 'SSN', 'card', 'a', '__proto__', 'constructor', 'toString');
    const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.constant('public'),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.array(fc.tuple(key, tie('tree')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
      ),
    }));
    const mark = (value: Json, secret: boolean): Json => {
      if (Array.isArray(value)) return (value as Json[]).map((item) => mark(item, secret));
      if (typeof value !== 'object' || value === null) return secret ? 'SECRET' : value;
      return Object.fromEntries(
        Object.entries(value).map(([name, child]) => [
          name,
          mark(child, secret || /^(ssn|card)$/i.test(name)),
        ]),
      );
    };
    await fc.assert(
      fc.asyncProperty(fc.array(tree, { maxLength: 4 }), async (rows) => {
        const { signal } = new AbortController();
        const result = await rules?.release(
          subject({ role: 'user' }),
          argumentsOf(),
          mark(rows, false),
          signal,
        );
        expect(result?.status).toBe('released');
        expect(JSON.stringify(result)).not.toContain('SECRET');
      }),
      { numRuns: 500 },
    );
  });
});

describe('the syntax tree of the CEL parser', () => {
  it('names operators, calls and literals as the compiler expects', () => {
    const { ast } = new Environment().parse(
      "a.matches('x') && b[0] in [1u, -2.5] || !has(c.d) ? {'k': null} : f(e)",
    );
    const seen = JSON.stringify(ast, (_, value: unknown) =>
      typeof value === 'bigint' ? `${value}n` : value,
    );
    for (const op of [
      '?:',
      '||',
      '&&',
      'rcall',
      'call',
      '[]',
      'in',
      'list',
      'map',
      'value',
      'id',
      '.',
      '!_',
      '-_',
    ]) {
      expect(seen).toContain(`"op":"${op}"`);
    }
  });
});

describe('a pattern made to be large', () => {
  it('stays right after millions of different characters, of which it keeps nothing', () => {
    const compiled = compileCondition(source(String.raw`text.matches('^\\p{L}+\\d$')`), 'input', parameters);
    const verdict = (text: string) =>
      evaluate(compiled, createFrame(subject({ role: 'user' }), argumentsOf({ text })));
    const letters = Array.from({ length: 20_000 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join('');
    for (let i = 0; i < 120; i++) expect(verdict(`${letters}1`)).toEqual({ matched: true });
    expect(verdict(letters)).toEqual({ matched: false });
  });

  it.each(['((a{1000}){1000}){1000}', '(a{999}){999}', '(x?){1000}(x?){1000}', '(((a*)*)*)*$', '(a|aa)+$'])(
    '%s compiles and matches in bounded time, or does not load',
    (pattern) => {
      const text = 'a'.repeat(20_000);
      const [, ms] = timed(() => {
        try {
          ask(`text.matches('${pattern}')`, { text });
        } catch (error) {
          expect(error).toHaveProperty('name', 'ConditionError');
        }
      });
      expect(ms).toBeLessThan(3000);
    },
  );
});
