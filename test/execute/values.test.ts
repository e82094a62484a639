import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/execute/database.js';
import type { Json } from '../../src/model/json.js';
import type { TypeNode } from '../../src/model/type-node.js';
import { openWith, parameter, prepared, query, settledRun } from './site.js';

interface ValueCase {
  readonly sql: string;
  readonly json: Json;
  readonly type: string;
}

interface BindingCase {
  readonly node: Pick<TypeNode, 'type'> & Partial<TypeNode>;
  readonly value: Json;
  readonly type: string;
  readonly text: string;
}

const readCases = (name: string): unknown =>
  parse(readFileSync(new URL(`cases/${name}.yml`, import.meta.url), 'utf8'));
const values = readCases('values') as readonly ValueCase[];
const bindings = readCases('bindings') as readonly BindingCase[];

let database: Database;
beforeAll(async () => {
  database = await openWith('');
});
afterAll(() => database.close());

describe('a value of DuckDB', () => {
  it.each(values)('$sql leaves as $json', async ({ sql, json, type }) => {
    const text = sql.includes(' FROM ') ? sql.replace(' FROM ', ' AS v FROM ') : `${sql} AS v`;
    const { rows, columns } = await query(database, `SELECT ${text}`);
    expect(JSON.stringify(rows[0]?.['v'])).toBe(JSON.stringify(json));
    expect(columns).toEqual([{ name: 'v', type }]);
  });

  it.each([
    ["row(1, 'x', row(2, 3))", '{"1":1,"2":"x","3":{"1":2,"2":3}}'],
    ['[row(1, 2), row(3, 4)]', '[{"1":1,"2":2},{"1":3,"2":4}]'],
    ['MAP {1: row(5, 6)}', '{"1":{"1":5,"2":6}}'],
  ])('without names of its members loses none: %s', async (expression, json) => {
    const { rows } = await query(database, `SELECT ${expression} AS v`);
    expect(JSON.stringify(rows[0]?.['v'])).toBe(json);
  });

  it('is converted alike in the second row and behind a NULL', async () => {
    const { rows } = await query(
      database,
      "SELECT * FROM (VALUES (NULL, [1]), ('x', NULL), ('y', [2])) t(a, b)",
    );
    expect(JSON.stringify(rows)).toBe('[{"a":null,"b":[1]},{"a":"x","b":null},{"a":"y","b":[2]}]');
  });
});

describe('an argument', () => {
  it.each(bindings)(
    '$value of $node.type $node.format is bound as $type',
    async ({ node, value, type, text }) => {
      const see = async (expression: string): Promise<Json> => {
        const body = await prepared(database, `SELECT ${expression} AS v`, [parameter('p', node)]);
        const { rows } = await settledRun(database, body, { p: value });
        return rows[0]?.['v'] ?? null;
      };
      expect(await see("replace(typeof($p), '\"', '')")).toBe(type);
      expect(await see('CAST($p AS VARCHAR)')).toBe(text);
    },
  );

  it.each(bindings)('null of $node.type $node.format is NULL', async ({ node }) => {
    const body = await prepared(database, 'SELECT $p IS NULL AS v', [
      parameter('p', { ...node, nullable: true }),
    ]);
    const { rows } = await settledRun(database, body, { p: null });
    expect(rows[0]?.['v']).toBe(true);
  });

  it.each(['a\u0000b', '\ud800', "'; DROP TABLE t; --", '🎉', 'a\u2028b'])(
    'of any text arrives whole: %j',
    async (text) => {
      const body = await prepared(database, 'SELECT $p AS v', [parameter('p', { type: 'string' })]);
      const { rows } = await settledRun(database, body, { p: text });
      expect(rows[0]?.['v']).toBe(text.toWellFormed());
    },
  );
});

describe('a column name', () => {
  it('is kept, also when it is the name of something of JavaScript', async () => {
    const { rows, columns } = await query(
      database,
      'SELECT 1 AS "__proto__", 2 AS "constructor", 3 AS "toString", 4 AS "a b", 5 AS " "',
    );
    expect(JSON.stringify(rows)).toBe('[{"__proto__":1,"constructor":2,"toString":3,"a b":4," ":5}]');
    expect(columns.map(({ name }) => name)).toEqual(['__proto__', 'constructor', 'toString', 'a b', ' ']);
    expect('hasOwnProperty' in (rows[0] ?? {})).toBe(false);
  });

  it('that comes twice gets a number that no other column has', async () => {
    const { rows } = await query(database, 'SELECT 1 AS a, 2 AS a, 3 AS a_1, 4 AS a');
    expect(JSON.stringify(rows)).toBe('[{"a":1,"a_2":2,"a_1":3,"a_3":4}]');
  });

  it('inside structs, maps and JSON keeps hostile names too', async () => {
    const { rows } = await query(
      database,
      `SELECT MAP {'__proto__': 1} AS m, '{"__proto__": {"x": 1}}'::JSON AS j, {'constructor': 1} AS s`,
    );
    expect(JSON.stringify(rows)).toBe(
      '[{"m":{"__proto__":1},"j":{"__proto__":{"x":1}},"s":{"constructor":1}}]',
    );
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});

describe('an argument that nests deeper than 1,000 levels', () => {
  const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  const textParameter = parameter('doc', { type: 'string' });
  const inside = parameter('doc', { type: 'object' });

  it.each([
    ['a text', textParameter, nested(200_000)],
    ['a text of an unnamed key', inside, { a: ['', { b: nested(1001) }] }],
    ['a text of a list', parameter('doc', { type: 'array' }), ['', nested(1001)]],
  ])('is refused by the name of its parameter: %s', async (_, declared, value) => {
    const body = await prepared(database, "SELECT json_contains($doc::JSON, '1') AS v", [declared]);
    await expect(settledRun(database, body, { doc: value })).rejects.toMatchObject({
      code: 'CALL_INVALID_ARGUMENTS',
      issues: [{ path: 'doc', message: expect.not.stringContaining('[[') as string }],
    });
  });

  it.each([
    ['in a string', (deep: string) => JSON.stringify({ x: deep })],
    ['in a string of a string', (deep: string) => JSON.stringify({ x: JSON.stringify({ x: deep }) })],
    ['written as escapes', (deep: string) => `{"x": "${deep.replaceAll('[', '\\u005B')}"}`],
  ])('is also one that holds such a text, which SQL can take out: %s', async (_, wrap) => {
    const sql = "SELECT json_contains(($doc->>'x')::JSON, '1') AS v, json_structure(($doc->>'x')::JSON)";
    const body = await prepared(database, sql, [textParameter]);
    await expect(settledRun(database, body, { doc: wrap(nested(300_000)) })).rejects.toMatchObject({
      code: 'CALL_INVALID_ARGUMENTS',
    });
    expect((await settledRun(database, body, { doc: wrap('[1]') })).rows).toHaveLength(1);
  });

  it('is not one that nests less, nor one with many brackets side by side', async () => {
    const body = await prepared(database, "SELECT json_contains($doc::JSON, '7') AS v", [textParameter]);
    const flat = JSON.stringify(Array.from({ length: 5000 }, () => ['[', ']]']));
    for (const doc of [nested(1000), JSON.stringify([nested(900)]), flat, JSON.stringify([flat])]) {
      expect((await settledRun(database, body, { doc })).rows[0]?.['v']).toBe(false);
    }
  });

  it('is found in time that grows with the length of the text, whatever quotes and escapes are in it', async () => {
    const body = await prepared(database, 'SELECT length($doc) AS v', [textParameter]);
    const started = performance.now();
    for (const piece of ['"', '\\"', '\\', '"\\']) {
      const doc = piece.repeat(500_000);
      expect((await settledRun(database, body, { doc })).rows[0]?.['v']).toBe(doc.length);
    }
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
