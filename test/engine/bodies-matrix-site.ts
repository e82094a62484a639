import { readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import type { JsonObject } from '../../src/model/json.js';

export const languages = ['sql', 'typescript'] as const;

/** One row of the matrix: an endpoint, its call, and what must come of it whatever its language. */
export interface Case {
  readonly name: string;
  readonly endpoint?: JsonObject;
  /** The body, of those in the table; `rows` unless it is said. */
  readonly body?: string;
  readonly arguments?: JsonObject;
  readonly expect: {
    readonly decision: string;
    readonly rows?: number;
    readonly code?: string;
    readonly rule?: string;
    readonly truncated?: boolean;
    readonly without?: readonly string[];
  };
}

/** The table of cases that hold for every language. */
export const matrix = parse(readFileSync(new URL('./cases/bodies-matrix.yml', import.meta.url), 'utf8')) as {
  rows: { name: string; region: string; pay: number }[];
  bodies: Readonly<Record<string, Readonly<Record<(typeof languages)[number], string>>>>;
  cases: Case[];
};

const sql = `SELECT name, region, pay FROM (VALUES ${matrix.rows
  .map(({ name, region, pay }) => `('${name}', '${region}', ${pay})`)
  .join(', ')}) t(name, region, pay), range($copies) WHERE $n >= 0`;

/** What `mxcp test` is to assert of a case. The operator, unlike a caller, sees a denial that hides the endpoint. */
function testOf({ arguments: args = {}, expect }: Case): JsonObject {
  const { decision, rule, rows } = expect;
  const code = expect.code === 'CALL_UNKNOWN_ENDPOINT' ? 'POLICY_DENIED' : expect.code;
  return {
    name: 'case',
    arguments: args,
    ...(decision !== 'n/a' && { decision }),
    ...(rule !== undefined && { rule }),
    ...(code !== undefined && { error: { code } }),
    ...(rows !== undefined && { result_length: rows }),
  };
}

function tool(one: Case, index: number, language: (typeof languages)[number]): [string, string] {
  const name = `${language}_${index}`;
  const body = one.body ?? 'rows';
  const code = one.body === undefined ? sql : matrix.bodies[one.body]?.sql;
  const source = language === 'sql' ? { code } : { file: `../typescript/${body}.ts` };
  const parameters = [
    { name: 'n', type: 'integer', default: 1 },
    { name: 'copies', type: 'integer', default: 1 },
  ];
  const annotations = { readOnlyHint: true };
  const text = stringify({
    mxcp: 1,
    tool: { name, language, annotations, parameters, source, ...one.endpoint, tests: [testOf(one)] },
  });
  return [`tools/${name}.yml`, text];
}

/** A site with each case once per language. */
export const files = {
  'mxcp-site.yml':
    'mxcp: 1\nproject: matrix\nprofile: default\nprofiles: {default: {duckdb: {path: ":memory:"}}}\nlimits: {rate: {per_user: off}}\n',
  'typescript/rows.ts': `const rows = ${JSON.stringify(matrix.rows)};
export default ({ copies }: { copies: number }) => Array.from({ length: copies }, () => rows).flat();
`,
  ...Object.fromEntries(
    Object.entries(matrix.bodies).map(([name, { typescript }]) => [`typescript/${name}.ts`, typescript]),
  ),
  ...Object.fromEntries(
    matrix.cases.flatMap((one, index) => languages.map((language) => tool(one, index, language))),
  ),
};
