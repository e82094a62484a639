import { describe, expect, it } from 'vitest';
import { locate } from '../../src/lib/source-text.js';
import { at } from '../../src/project/field.js';
import { sourceTextOf } from '../../src/project/scalar-text.js';
import { parseYaml } from '../../src/project/yaml-file.js';

const cases: Readonly<Record<string, string>> = {
  plain: 'code: SELECT alpha FROM beta\n',
  'plain over several lines': 'code: SELECT alpha\n  FROM beta\n\n  WHERE gamma\n',
  'single quotes': "code: 'SELECT alpha FROM beta'\n",
  'single quotes with a quote inside': "code: 'SELECT ''alpha'' FROM beta'\n",
  'single quotes over several lines': "code: 'SELECT alpha\n  FROM beta'\n",
  'double quotes': 'code: "SELECT alpha FROM beta"\n',
  'double quotes with escapes': 'code: "SELECT \\"alpha\\" \\t FROM\\u0020beta \\x41 \\U0001F600 gamma"\n',
  'double quotes over several lines': 'code: "SELECT alpha \\\n   FROM beta\n\n   WHERE gamma"\n',
  'a literal block': 'code: |\n  SELECT alpha\n    FROM beta\n\n  WHERE gamma\n',
  'a literal block that begins with empty lines': 'code: |\n\n\n  SELECT alpha\n  FROM beta\n',
  'a literal block with an indentation indicator': 'code: |2\n    SELECT alpha\n  FROM beta\n',
  'a literal block with a comment behind the bar': 'code: |- # the query\n  SELECT alpha\n  FROM beta',
  'a literal block with carriage returns': 'code: |\r\n  SELECT alpha\r\n    FROM beta\r\n',
  'a folded block': 'code: >\n  SELECT alpha\n  FROM beta\n\n  WHERE gamma\n',
  'a folded block with deeper lines':
    'code: >-\n  SELECT alpha\n    FROM beta\n    WHERE gamma\n  LIMIT delta\n',
  'a value in a flow map': '{other: 1, code: SELECT alpha FROM beta}\n',
  'a value behind an anchor': 'code: &sql |\n  SELECT alpha\n  FROM beta\n',
  'the same word many times': 'code: >\n  alpha alpha\n  alpha\n  alpha\n',
};

describe('a text inside a YAML file', () => {
  it.each(Object.entries(cases))('is found again in the file, word by word: %s', (_style, yaml) => {
    const { root, problems } = parseYaml({ path: '/site/x.yml', shown: 'x.yml' }, yaml);
    expect(problems).toEqual([]);
    const field = at(root, 'code');
    const source = sourceTextOf(field!);
    const lines = yaml.split('\n');
    const seen = new Set<string>();
    const words = [...source.text.matchAll(/\w+/g)];
    expect(words.length).toBeGreaterThanOrEqual(4);
    for (const word of words.filter(([text]) => text !== 'A')) {
      const { line, column } = locate(source, word.index);
      expect(lines[line - 1]?.slice(column - 1)).toMatch(new RegExp(`^${word[0]}\\b`));
      seen.add(`${line}:${column}`);
    }
    expect(seen.size).toBe(words.filter(([text]) => text !== 'A').length);
  });

  it('points to the escape for a character that is written as one', () => {
    const { root } = parseYaml({ path: '/x.yml', shown: 'x.yml' }, 'code: "ab\\u0041cd"\n');
    const source = sourceTextOf(at(root, 'code')!);
    expect(source.text).toBe('abAcd');
    expect(locate(source, 2)).toMatchObject({ line: 1, column: 10 });
    expect(locate(source, 3)).toMatchObject({ line: 1, column: 16 });
  });

  it('points to its beginning where something was replaced, because nothing else is true', () => {
    const { root } = parseYaml({ path: '/x.yml', shown: 'x.yml' }, 'code: |\n  SELECT 1\n');
    const source = sourceTextOf({ ...at(root, 'code')!, replaced: true });
    expect(locate(source, 8)).toMatchObject({ line: 1, column: 7 });
  });
});
