import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../../../src/engine/pipeline.js';
import type { Json } from '../../../src/model/json.js';
import type { Outcome } from '../../../src/model/outcome.js';
import { openSite, type OpenSite } from '../../transport/open-site.js';

const site = `mxcp: 1
project: functions
profile: default
sql_tools: {enabled: true}
limits: {rate: {per_user: "off", global: "off"}}
plugin: [{name: text, module: text, config: {prefix: "p-"}}]
profiles:
  default:
    duckdb: {path: ":memory:", external_access: false}
`;

const plugin = `
import { udf, type SiteContext } from 'mxcp';
export const create = (config: { prefix: string }, _ctx: SiteContext) => ({
  slug: udf({ args: ['VARCHAR'], returns: 'VARCHAR' }, (text) => config.prefix + text.toLowerCase().replaceAll(' ', '-')),
  kinds: udf({ args: ['VARCHAR', 'BIGINT', 'INTEGER', 'DOUBLE', 'BOOLEAN'], returns: 'VARCHAR' },
    (...values) => values.map((value) => typeof value + ' ' + String(value)).join(', ')),
  big: udf({ args: ['BIGINT'], returns: 'BIGINT' }, (value) => value + 1n),
  whole: udf({ args: ['BIGINT'], returns: 'BIGINT' }, (value) => Number(value)),
  int: udf({ args: ['INTEGER'], returns: 'INTEGER' }, (value) => value * 2),
  half: udf({ args: ['DOUBLE'], returns: 'DOUBLE' }, (value) => value / 2),
  not: udf({ args: ['BOOLEAN'], returns: 'BOOLEAN' }, (value) => !value),
  nothing: udf({ args: ['VARCHAR'], returns: 'VARCHAR' }, () => null),
  pi: udf({ args: [], returns: 'DOUBLE' }, () => Math.PI),
  throws: udf({ args: ['VARCHAR'], returns: 'VARCHAR' }, (text) => { throw new Error('no: ' + text); }),
  shout: (text: string) => text.toUpperCase(),
  hostile: udf({ args: ['VARCHAR'], returns: 'VARCHAR' }, (how): any => {
    if (how === 'number') return 5;
    if (how === 'object') return { toString: () => 'secret words' };
    if (how === 'promise') return Promise.resolve('secret words');
    if (how === 'proxy') return new Proxy({}, { get() { throw new Error('secret words'); } });
    if (how === 'huge') return 'x'.repeat(5_000_000);
    if (how === 'thrown') throw 'secret words';
    if (how === 'symbol') return Symbol('secret words');
    if (how === 'surrogate') return '\\ud800';
    return how;
  }),
  loops: udf({ args: ['BIGINT'], returns: 'BIGINT' }, (value) => { for (;;); return value; }),
  dies: udf({ args: ['BIGINT'], returns: 'BIGINT' }, (value) => process.exit(Number(value))),
});`;

const tool = (name: string, code: string, parameters = ''): Record<string, string> => ({
  [`tools/${name}.yml`]: `mxcp: 1
tool:
  name: ${name}
  annotations: {readOnlyHint: true}
  parameters: [${parameters}]
  source: {code: "${code}"}
`,
});

const numbers = '{name: n, type: integer, default: 1}';
const texts = '{name: text, type: string}';
const files = {
  'mxcp-site.yml': site,
  'plugins/text.ts': plugin,
  ...tool('slug', 'SELECT slug_text($text) AS slug', texts),
  ...tool('kinds', "SELECT kinds_text('a', 9007199254740993, 3::INTEGER, 0.5::DOUBLE, true) AS kinds"),
  ...tool(
    'values',
    "SELECT big_text(9223372036854775806) AS big, whole_text(7) AS whole, int_text(-4) AS i, half_text(5) AS half, isinf(half_text('inf'::DOUBLE)) AS inf, not_text(true) AS n, nothing_text('x') AS nothing, pi_text() AS pi",
  ),
  ...tool('nulls', 'SELECT i, slug_text(CASE WHEN i % 2 = 0 THEN i::VARCHAR END) AS slug FROM range(4) t(i)'),
  ...tool(
    'many',
    "SELECT count(*) AS n, count(DISTINCT slug_text('Row ' || i)) AS slugs FROM range(100000) t(i)",
  ),
  ...tool('hostile', 'SELECT hostile_text($text) AS v', texts),
  ...tool('throws', 'SELECT throws_text($text) AS v', texts),
  ...tool('loops', 'SELECT sum(loops_text(i + $n)) AS v FROM range(100000) t(i)', numbers),
  ...tool('dies', 'SELECT sum(dies_text(i + $n)) AS v FROM range(3) t(i)', numbers),
  ...tool('plain', 'SELECT $n AS v', numbers),
  'tools/body.yml': `mxcp: 1
tool:
  name: body
  language: typescript
  source:
    code: |
      export default async (_args: unknown, ctx) =>
        [await ctx.db.queryOne("SELECT slug_text('In A Body') AS slug"), ctx.plugins.text.shout('direct'), ctx.plugins.text.slug('Direct Too')];
`,
};

let open: OpenSite;

beforeAll(async () => {
  open = await openSite(files);
});

afterAll(() => open.close());

function run(name: string, args: object, { runtime }: OpenSite): Promise<Outcome> {
  const context = { transport: 'http', id: 'r', time: Date.now() * 1000, headers: {} } as const;
  const caller = runtime.callerOf('http');
  return call(runtime, { kind: 'tool', name, arguments: args, caller, context });
}

/** What the caller gets: the first row, or the error. */
async function answer(name: string, args: object = {}, on = open): Promise<Json | string> {
  const outcome = await run(name, args, on);
  if (outcome.status !== 'success') return `${outcome.error.code}: ${outcome.error.message}`;
  if (outcome.released.form !== 'value') return outcome.released.form;
  const { value } = outcome.released;
  return Array.isArray(value) && value.length === 1 ? (value[0] as Json) : value;
}

/**
 * Asks until the worker that was stopped has been replaced, and again where a machine with other work let the deadline of a
 * function pass that needs none: after three times in a row the function is off, which is an answer.
 */
async function answerInTime(name: string, args: object = {}, on = open): Promise<Json | string> {
  for (;;) {
    const found = await answer(name, args, on);
    const late = /its worker is starting again|took too long, and was stopped/;
    if (typeof found !== 'string' || !late.test(found)) return found;
    await delay(10);
  }
}

const failed = (name: string): string =>
  `EXECUTE_FAILED: The plugin function ${name}_text failed; the log of the server has the reason`;

describe('a method that udf marks', () => {
  it('is a function in SQL', async () => {
    expect(await answerInTime('slug', { text: 'Hello There' })).toEqual({ slug: 'p-hello-there' });
  });

  it('gets and gives each type', async () => {
    expect(await answerInTime('kinds')).toEqual({
      kinds: 'string a, bigint 9007199254740993, number 3, number 0.5, boolean true',
    });
    expect(await answerInTime('values')).toEqual({
      big: '9223372036854775807',
      whole: 7,
      i: -8,
      half: 2.5,
      inf: true,
      n: false,
      nothing: null,
      pi: Math.PI,
    });
  });

  it('is not asked for a NULL, and answers NULL', async () => {
    expect(await answerInTime('nulls')).toEqual([
      { i: 0, slug: 'p-0' },
      { i: 1, slug: null },
      { i: 2, slug: 'p-2' },
      { i: 3, slug: null },
    ]);
  });

  it('computes 100,000 rows', async () => {
    expect(await answerInTime('many')).toEqual({ n: 100_000, slugs: 100_000 });
  });

  it('is there for the SQL of TypeScript bodies, and stays a method of the plugin', async () => {
    expect(await answerInTime('body')).toEqual([{ slug: 'p-in-a-body' }, 'DIRECT', 'p-direct-too']);
  });

  it.each(['SELECT slug_text(name) FROM t', 'SELECT main.slug_text(name)', 'SELECT * FROM slug_text(1)'])(
    'is not for free-form SQL: %s',
    async (sql) => {
      expect(await answer('execute_sql_query', { sql })).toMatch(/^EXECUTE_SQL_REFUSED: .*slug_text/);
    },
  );
});

describe('what a function does wrong', () => {
  it.each(['number', 'object', 'promise', 'proxy', 'huge', 'thrown', 'symbol'])(
    'costs that call only, and says nothing of its values: %s',
    async (text) => {
      expect(await answerInTime('hostile', { text })).toBe(failed('hostile'));
      expect(await answerInTime('slug', { text: 'A' })).toEqual({ slug: 'p-a' });
    },
  );

  it('is no text that no database has', async () => {
    expect(await answerInTime('hostile', { text: 'surrogate' })).toEqual({ v: '\ufffd' });
  });

  it('is told to the log, with the author’s lines, and not to the caller', async () => {
    expect(await answerInTime('throws', { text: 'a private name' })).toBe(failed('throws'));
    const line = open.logger.lines.find((each) => each.includes('no: a private name'));
    expect(line).toMatch(/plugins\/text\.ts:\d+/);
    expect(JSON.stringify(open.records())).not.toContain('no: a private name');
  });
});

describe('a function that does not end', () => {
  const slow = 'EXECUTE_FAILED: The plugin function loops_text took too long, and was stopped';

  it('holds nobody up for longer than its deadline, and is off after three times', async () => {
    const answers: (Json | string)[] = [];
    const waits: number[] = [];
    const done = new AbortController();
    const others = (async () => {
      while (!done.signal.aborted) {
        const started = performance.now();
        expect(await answer('plain')).toEqual({ v: 1 });
        waits.push(performance.now() - started);
        await delay(5);
      }
    })();
    const off = `${slow.replace(/took.*/, '')}took too long again and again, and is off until the site is loaded again`;
    while (!answers.includes(off) && answers.length < 1000) {
      answers.push(await answer('loops'));
      await delay(10);
    }
    done.abort();
    await others;
    expect(new Set(answers)).toEqual(new Set([slow, off]));
    expect(open.logger.lines.filter((line) => line.includes('loops_text'))).toHaveLength(3);
    expect(Math.max(...waits)).toBeLessThan(1500);
    expect(await answerInTime('slug', { text: 'B' })).toEqual({ slug: 'p-b' });
  });

  it('that ends its process costs that call only', async () => {
    expect(await answerInTime('dies')).toMatch(/^EXECUTE_FAILED: The plugin function dies_text/);
    expect(await answerInTime('slug', { text: 'C' })).toEqual({ slug: 'p-c' });
  });
});

it('in threads, functions work and are stopped as in processes', async () => {
  const threads = await openSite({ ...files, 'mxcp-site.yml': `${site}bodies: {isolation: thread}\n` });
  try {
    expect(await answerInTime('slug', { text: 'Hello There' }, threads)).toEqual({ slug: 'p-hello-there' });
    expect(await answer('loops', {}, threads)).toContain('took too long, and was stopped');
  } finally {
    await threads.close();
  }
});

describe('at load', () => {
  const create = (methods: string): string =>
    `import { udf } from 'mxcp';\nexport const create = () => ({ ${methods} });`;
  const one = "udf({ args: ['VARCHAR'], returns: 'VARCHAR' }, (text) => text)";
  it.each([
    [
      'a name that DuckDB has',
      'with',
      `starts: ${one}`,
      'mxcp-site.yml:6 The function starts_with cannot be defined',
    ],
    [
      'a name of a caller’s function',
      'key',
      `get_user: ${one}`,
      'mxcp-site.yml:6 The function get_user_key cannot be',
    ],
    [
      'a name that is none in SQL',
      'text',
      `'a b': ${one}`,
      'mxcp-site.yml:6 The function a b_text: this is no name',
    ],
    [
      'two of a name',
      'text',
      `a: ${one}, A: ${one}`,
      'mxcp-site.yml:6 The function a_text: there are two of this',
    ],
    [
      'a type that there is not',
      'text',
      one.replace("'VARCHAR']", "'BLOB']").replace(/^/, 'a: '),
      'udf: the types are',
    ],
  ])('%s is a problem', async (_, name, methods, message) => {
    const own = {
      'mxcp-site.yml': site.replace('name: text', `name: ${name}`),
      'plugins/text.ts': create(methods),
    };
    await expect(openSite({ ...own, ...tool('plain', 'SELECT 1 AS v') })).rejects.toThrow(message);
  });

  it('SQL that uses a function wrongly is a problem of its file', async () => {
    const own = { 'mxcp-site.yml': site, 'plugins/text.ts': create(`a: ${one}`) };
    await expect(openSite({ ...own, ...tool('bad', 'SELECT b_text(1) AS v') })).rejects.toThrow(
      /bad\.yml.*b_text/,
    );
  });

  it('a plugin that cannot be made keeps the server from starting', async () => {
    const text = "export function create() {\n  throw new Error('no key');\n}";
    await expect(openSite({ 'mxcp-site.yml': site, 'plugins/text.ts': text })).rejects.toThrow(
      'plugins/text.ts:2 The plugin "text" cannot be made: Error: no key',
    );
  });
});
