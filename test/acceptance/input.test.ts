import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSite, type ServedSite, serveSite } from '../transport/open-site.js';
import { legacy, modern, modernHeaders, post, toolCall } from '../transport/http/post.js';
import { cases } from './calls.js';

interface Case {
  readonly name: string;
  readonly send?: Readonly<Record<string, unknown>>;
  readonly gets?: Readonly<Record<string, unknown>>;
  readonly refused?: readonly [path: string, message: string];
}

const given = cases('input') as {
  readonly base: Readonly<Record<string, unknown>>;
  readonly cases: readonly Case[];
  readonly values: readonly string[];
};

const files = {
  'mxcp-site.yml': `
mxcp: 1
project: input
profile: default
profiles:
  default:
    duckdb: {path: ':memory:', init: "CREATE TABLE orders AS SELECT range AS id, 'order ' || range AS text FROM range(3)"}
`,
  'tools/create_assignment.yml': `
mxcp: 1
tool:
  name: create_assignment
  description: Creates an assignment.
  parameters:
    - {name: title, type: string, minLength: 3, maxLength: 100, pattern: '^[A-Za-z0-9 _-]+$'}
    - {name: description, type: string, maxLength: 1000, default: ''}
    - name: tags
      type: array
      maxItems: 10
      default: []
      items: {type: string, minLength: 2, maxLength: 20, pattern: '^[a-zü]+$', transform: [lowercase]}
    - {name: priority, type: integer, minimum: 1, maximum: 5, default: 3}
    - {name: note, type: string, transform: [strip_html], default: ''}
  return: {type: object}
  policies:
    input:
      - {id: seen, condition: "title == 'default' && priority == 3 && size(tags) == 0", action: deny, reason: Defaults are there}
      - {id: cased, condition: "tags.exists(t, t == 'secret')", action: deny, reason: Not that tag}
  source:
    code: SELECT $title AS title, $description AS description, $tags AS tags, $priority AS priority, $note AS note
`,
  'tools/echo.yml': `
mxcp: 1
tool:
  name: echo
  description: Finds an order by its text and says what was asked.
  parameters: [{name: text, type: string}]
  return: {type: object, properties: {asked: {type: string}, found: {type: integer}, all: {type: integer}}}
  source:
    code: |
      SELECT $text AS asked, (SELECT count(*) FROM orders WHERE text = $text OR text LIKE $text ESCAPE '!') AS found,
             (SELECT count(*) FROM orders) AS "all"
`,
};

let site: ServedSite;
beforeAll(async () => {
  site = await serveSite(files);
});
afterAll(() => site.close());

function expand(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('chars' in value) return 'a'.repeat(Number(value.chars));
  if ('items' in value) return Array.from({ length: Number(value.items) }, () => 'item');
  return value;
}

function expandAll(values: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, expand(value)]));
}

interface Result {
  readonly isError?: boolean;
  readonly content: readonly { readonly text: string }[];
  readonly structuredContent?: Readonly<Record<string, unknown>>;
  readonly _meta: Readonly<Record<string, unknown>>;
}

async function callTool(name: string, args: object): Promise<Result> {
  const answer = await post(site.url, ...toolCall('modern', name, args));
  return answer.messages[0]?.['result'] as Result;
}

describe('what a declared parameter accepts', () => {
  it.each(given.cases.map((one) => [one.name, one] as const))(
    '%s',
    async (_name, { send, gets, refused }) => {
      const result = await callTool('create_assignment', { ...given.base, ...expandAll(send) });
      if (refused === undefined) {
        expect(result.structuredContent).toMatchObject(expandAll(gets));
        return;
      }
      expect(result).toMatchObject({ isError: true, _meta: { code: 'CALL_INVALID_ARGUMENTS' } });
      for (const part of refused) expect(result.content[0]?.text).toContain(part);
    },
  );

  it('is what the list of tools says', async () => {
    const answer = await post(site.url, modern('tools/list'), modernHeaders('tools/list'));
    const { tools } = answer.messages[0]?.['result'] as { tools: { name: string; inputSchema: object }[] };
    expect(tools.find(({ name }) => name === 'create_assignment')?.inputSchema).toMatchObject({
      type: 'object',
      required: ['title'],
      additionalProperties: false,
      properties: {
        title: { type: 'string', minLength: 3, maxLength: 100, pattern: '^[A-Za-z0-9 _-]+$' },
        description: { maxLength: 1000, default: '' },
        tags: { type: 'array', maxItems: 10, default: [] },
        priority: { type: 'integer', minimum: 1, maximum: 5, default: 3 },
      },
    });
  });

  it('is complete before a rule sees it: defaults are there, and transforms are done', async () => {
    expect(await callTool('create_assignment', { title: 'default' })).toMatchObject({
      _meta: { rule: 'seen' },
    });
    const shouted = await callTool('create_assignment', { title: 'other', tags: ['SECRET'] });
    expect(shouted).toMatchObject({ _meta: { rule: 'cased' } });
  });
});

describe('a value is never more than a value', () => {
  it.each(given.values)('%j', async (text) => {
    const { structuredContent } = await callTool('echo', { text });
    expect(structuredContent).toEqual({ asked: text, found: 0, all: 3 });
  });

  it('and finds what is equal to it', async () => {
    const { structuredContent } = await callTool('echo', { text: 'order 1' });
    expect(structuredContent).toEqual({ asked: 'order 1', found: 1, all: 3 });
  });

  it.each([
    "FROM query('SELECT ' || $text)",
    'FROM query_table($text)',
    'FROM read_text($text)',
    "FROM read_csv('data/' || $text)",
    'COPY orders TO $text',
  ])('because SQL that is built from one does not load: %s', async (sql) => {
    const tool = files['tools/echo.yml']
      .replace(/code: \|[\s\S]*/, `code: "${sql}"`)
      .replace(/return: .*/, '');
    await expect(openSite({ ...files, 'tools/echo.yml': tool })).rejects.toThrow(/echo\.yml:\d+/);
  });
});

describe('keys that reach prototypes', () => {
  it.each(['__proto__', 'constructor', 'prototype', 'toString'])('are unknown names: %s', async (name) => {
    const args = `{"title":"Valid title","${name}":{"priority":5,"polluted":true}}`;
    const [body, headers] = toolCall('legacy', 'create_assignment', {});
    const answer = await post(site.url, body.replace('"arguments":{}', `"arguments":${args}`), headers);
    expect(answer.status).toBe(name === '__proto__' ? 400 : 200);
    expect(answer.text).toContain(name === '__proto__' ? '"code":-32600' : `Unknown parameter: ${name}`);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('sizes', () => {
  it('of a body are bounded by http.max_body_bytes', async () => {
    const small = await serveSite({
      ...files,
      'mxcp-site.yml': files['mxcp-site.yml'].replace(
        'default:\n    duckdb',
        'default:\n    transport: {http: {max_body_bytes: 2KiB}}\n    duckdb',
      ),
    });
    const fits = await post(small.url, legacy('ping', { filler: 'x'.repeat(1500) }));
    const tooLarge = await post(small.url, legacy('ping', { filler: 'x'.repeat(3000) }));
    await small.close();
    expect([fits.status, tooLarge.status]).toEqual([200, 413]);
  });
});

describe('the name of an endpoint', () => {
  it.each(['../x', 'a b', 'a\\u0000b', 'a/b', 'x;y', '<b>', 'tool\\u202e', 'раypal', '', 'a'.repeat(129)])(
    'does not load with other characters than a client can show: %j',
    async (name) => {
      const tool = `mxcp: 1\ntool: {name: "${name}", description: D, source: {code: SELECT 1}}\n`;
      await expect(openSite({ ...files, 'tools/named.yml': tool })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
      });
    },
  );
});

describe('the program', () => {
  it('starts only its own workers and, when an operator asks doctor, npm; the one shell reads numbers of processes', () => {
    const source = fileURLToPath(new URL('../../src', import.meta.url));
    const modules = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.c?ts$/.test(name))
      .map((name) => [name, readFileSync(join(source, name), 'utf8')] as const);
    const starting = modules.filter(([, text]) => /from '(node:)?(child_process|cluster)'/.test(text));
    expect(modules.length).toBeGreaterThan(100);
    const starts: Readonly<Record<string, RegExp>> = {
      'execute/typescript/process-link.ts': /spawn\(process\.execPath, /g,
      'execute/typescript/watchdog.ts': /spawn\('\/bin\/sh', \['-c', program\], /g,
      'inspect/doctor/dependencies.ts': /execFile\('npm', /g,
    };
    // It takes the means to signal other processes away from bodies, and starts none.
    const fence = starting.find(([name]) => name.endsWith('/worker/fence.ts'));
    expect(fence?.[1]).not.toMatch(/\b(spawn|fork|exec|execFile|spawnSync|execSync|execFileSync)\(/);
    const starters = starting.filter((each) => each !== fence);
    expect(starters.map(([name]) => name).sort()).toEqual(Object.keys(starts));
    for (const [name, text] of starters) {
      expect(text.match(starts[name] ?? /$^/g), name).toHaveLength(1);
      expect(text.match(/\b(spawn|fork|execFile)\(/g), name).toHaveLength(1);
      expect(text).not.toMatch(/\bshell:|\bexec\(|execSync|spawnSync|execFileSync/);
    }
    const watchdog = modules.find(([name]) => name.endsWith('watchdog.ts'))?.[1] ?? '';
    const [, program] = /^const program = `([^`]*)`;$/m.exec(watchdog) ?? [];
    expect(program).toBeDefined();
    expect(program, 'a constant').not.toContain('${');
    expect(watchdog).toContain('const watched = new Set<number>();');
  });
});
