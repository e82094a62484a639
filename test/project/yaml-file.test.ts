import { describe, expect, it } from 'vitest';
import { parseYaml } from '../../src/project/yaml-file.js';
import { place } from './site.js';

const parse = (text: string): ReturnType<typeof parseYaml> =>
  parseYaml({ path: '/x.yml', shown: 'x.yml' }, text);

describe('a YAML file', () => {
  it('is read as YAML 1.2: words and numbers of 1.1 stay what they look like', () => {
    const { root, problems } = parse('a: yes\nb: off\nc: 2024-01-02\nd: 12:30\ne: 010\nf: 1_000\n');
    expect(problems).toEqual([]);
    expect({ ...(root?.data as object) }).toEqual({
      a: 'yes',
      b: 'off',
      c: '2024-01-02',
      d: '12:30',
      e: 10,
      f: '1_000',
    });
  });

  it('never rounds an integer: beyond 2^53 it is a string of digits', () => {
    const { root } = parse(
      '[9007199254740991, 9007199254740992, -9007199254740993, 18446744073709551616, 0x10]',
    );
    expect(root?.data).toEqual([
      9007199254740991,
      '9007199254740992',
      '-9007199254740993',
      '18446744073709551616',
      16,
    ]);
  });

  it('keeps keys like __proto__ and constructor as keys', () => {
    const { root } = parse('__proto__: {polluted: true}\nconstructor: 1\n');
    expect(Object.keys(root?.data as object)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('resolves aliases and merge keys', () => {
    const { root } = parse('base: &base {a: 1, b: 2}\none: *base\ntwo: {<<: *base, b: 3}\n');
    expect(JSON.parse(JSON.stringify(root?.data))).toEqual({
      base: { a: 1, b: 2 },
      one: { a: 1, b: 2 },
      two: { a: 1, b: 3 },
    });
  });

  it('gives an alias the anchor that stood before it, also when the name is used again later', () => {
    const { root } = parse('[&x 1, &y [*x], &x 2, *y, *x]');
    expect(root?.data).toEqual([1, [1], 2, [1], 2]);
  });

  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]', ...'b c d e f g h i j'.split(' ')].map(
    (line, i, all) => {
      if (i === 0) return line;
      const before = i === 1 ? 'a' : all[i - 1]!;
      return `${line}: &${line} [${Array.from({ length: 10 }, () => `*${before}`).join(', ')}]`;
    },
  );

  it.each([
    ['a key twice', 'a: 1\na: 2\n', 'x.yml:2:1 duplicate-key'],
    ['a key twice, deep down', 'a:\n  - {b: 1, b: 2}\n', 'x.yml:2:12 duplicate-key'],
    ['broken syntax', 'a: [1\nb: 2\n', 'yaml-syntax'],
    ['an unknown tag', 'a: !secret x\n', 'x.yml:1:4 yaml-syntax'],
    ['a tag that makes objects', 'a: !!binary aGk=\n', 'x.yml:1:4 yaml-syntax'],
    ['an alias without anchor', 'a: *nope\n', 'x.yml:1:4 yaml-alias'],
    ['an alias that contains itself', 'a: &a [*a]\n', 'x.yml:1:8 yaml-alias'],
    ['another version of YAML', '# x\n%YAML 1.1\n---\na: no\n', 'x.yml:2:1 yaml-version'],
    ['two documents', 'a: 1\n---\nb: 2\n', 'several-documents'],
    ['not a number', 'a: .nan\n', 'x.yml:1:4 yaml-value'],
    ['infinity', 'a: -.inf\n', 'x.yml:1:4 yaml-value'],
    ['a map as a key', '? {a: 1}\n: 2\n', 'yaml-syntax'],
    ['nesting without end', '['.repeat(100_000), 'yaml'],
    ['nesting that is only deep', `${'['.repeat(500)}${']'.repeat(500)}`, 'yaml-too-deep'],
    ['aliases that multiply', `${bomb.join('\n')}\n`, 'yaml-alias'],
  ])('refuses %s', (_what, text, expected) => {
    const started = performance.now();
    const { problems } = parse(text);
    expect(problems.map(place).join('\n')).toContain(expected);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe('a text that begins with `!`', () => {
  it.each([
    ["condition: !('x' in user.roles)\n", `Write: condition: "!('x' in user.roles)"`],
    ['condition: !(user.role == "x")\n', `Write: condition: '!(user.role == "x")'`],
    ["{condition: !('x' in user.roles), a: 1}\n", 'Put all of it in quotes.'],
  ])('is told to be quoted, and gives no other error: %s', (text, remedy) => {
    const { root, problems } = parseYaml({ path: '/x.yml', shown: 'x.yml' }, text);
    expect(root).toBeUndefined();
    expect(problems.map((each) => each.remedy)).toEqual([remedy]);
  });
});
