import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../../src/engine/pipeline.js';
import { openSite, type OpenSite } from '../transport/open-site.js';

const tool = (name: string, more = ''): string => `mxcp: 1
tool:
  name: ${name}
  language: typescript
  parameters: [{name: sql, type: array, items: {type: string}}]
  source: {file: ../typescript/bodies.ts}
${more}`;

const files = {
  'mxcp-site.yml': `mxcp: 1
project: body_sql
profile: default
profiles:
  default:
    duckdb: {path: ':memory:', init: "CREATE TABLE notes (text VARCHAR)"}
`,
  'tools/free.yml': tool('free'),
  'tools/denied.yml': tool(
    'denied',
    '  policies: {output: [{id: never, condition: "true", action: deny}]}\n',
  ),
  'tools/notes.yml':
    'mxcp: 1\ntool: {name: notes, return: {type: integer}, source: {code: SELECT count(*) FROM notes}}\n',
  'typescript/bodies.ts': `import type { ToolContext } from 'mxcp';
export async function free({ sql }: { sql: string[] }, ctx: ToolContext) {
  for (const each of sql) await ctx.db.execute(each);
  return 1;
}
export async function denied({ sql }: { sql: string[] }, ctx: ToolContext) {
  for (const each of sql) await ctx.db.execute(each).catch(() => undefined);
  return 1;
}
`,
};

let site: OpenSite;

beforeAll(async () => {
  site = await openSite(files);
});

afterAll(() => site.close());

async function end(name: string, sql?: readonly string[]): Promise<unknown> {
  const context = { transport: 'http', id: 'r', time: Date.now() * 1000, headers: {} } as const;
  const caller = site.runtime.callerOf('http');
  const outcome = await call(site.runtime, {
    kind: 'tool',
    name,
    arguments: sql ? { sql } : {},
    caller,
    context,
  });
  if (outcome.status !== 'success') return outcome.error.code;
  return outcome.released.form === 'value' ? outcome.released.value : outcome.released.form;
}

const insert = "INSERT INTO notes VALUES ('x')";
const file = "storage = 'file', storage_config = {'path': '/nowhere/at/all'}";

describe('SQL that a TypeScript body writes', () => {
  it.each([
    'COMMIT',
    'EXPLAIN ANALYZE COMMIT',
    'EXPLAIN (ANALYZE) COMMIT',
    "EXPLAIN (ANALYZE '(') COMMIT",
    'EXPLAIN (ANALYZE "(") COMMIT',
    'EXPLAIN EXPLAIN ANALYZE COMMIT',
    'EXPLAIN ANALYZE --\rCOMMIT',
    'EXPLAIN ANALYZE\u00a0COMMIT',
    'EXPLAIN\u3000ANALYZE COMMIT',
    "EXPLAIN (ANALYZE $🎉$ ' $🎉$) COMMIT --'",
    '\u200bCOMMIT',
    'COMMIT\u00a0',
    'COMMITé',
    'COMMIT🎉',
    'EXPLAIN ANALYZE COMMITéé;',
  ])('cannot save what a rule then denies: %s', async (commit) => {
    expect(await end('denied', [insert, commit])).toBe('POLICY_DENIED');
    expect(await end('notes')).toBe(0);
  });

  it.each([
    `CALL enable_logging(${file})`,
    `SELECT * FROM enable_logging(${file})`,
    `SELECT * FROM query('FROM enable_logging(${file.replaceAll("'", "''")})')`,
    `SELECT * FROM query('FROM enable_' || 'logging(${file.replaceAll("'", "''")})')`,
    `CREATE MACRO log_it() AS TABLE FROM enable_logging(${file})`,
    `EXPLAIN ANALYZE CALL enable_logging(${file})`,
    'CALL enable_logging()',
    `SELECT * FROM "query"('FROM enable_logging()')`,
    "SELECT * FROM query('FROM query(''FROM enable_logging()'')')",
    "SELECT * FROM query(e'FROM enable_\\x6cogging()')",
    'CALL truncate_duckdb_logs()',
    'PRAGMA enable_profiling',
    'EXPLAIN ANALYZE PRAGMA enable_profiling',
    'EXPLAIN ANALYZE SET threads = 1',
    "EXPLAIN ANALYZE ATTACH ':memory:' AS other",
    'EXPLAIN (',
    "CREATE OR REPLACE MACRO main.get_username() AS 'admin'",
    "CREATE TEMPORARY MACRO IF NOT EXISTS get_user_role() AS 'admin'",
    'CREATE OR REPLACE TEMP FUNCTION "Get_User_Claim"(path) AS \'admin\'',
    "CREATE MACRO get_user_roles() AS TABLE SELECT 'admin'",
  ])('neither ends the server nor changes it for others: %s', async (sql) => {
    expect(await end('free', [sql])).toBe('EXECUTE_FAILED');
    expect(await end('free', ["SELECT * FROM query('SELECT 1')", 'EXPLAIN ANALYZE SELECT 1'])).toBe(1);
  });

  it.each([
    "SELECT * FROM read_text('mxcp-site.yml')",
    "SELECT * FROM 'mxcp-site.yml'",
    "SELECT * FROM read_blob('/proc/self/environ')",
    "SELECT * FROM glob('audit/*')",
    "SELECT * FROM read_json('audit/*.jsonl')",
    "COPY notes TO 'audit/forged.jsonl'",
    "COPY notes FROM 'mxcp-site.yml'",
  ])('reaches neither files nor networks, where the site does not say that it may: %s', async (sql) => {
    expect(await end('free', [sql])).toBe('EXECUTE_FAILED');
  });
});
