import { beforeAll, describe, expect, it } from 'vitest';
import { files, languages, matrix, type Case } from '../engine/bodies-matrix-site.js';
import { temporarySite, type TemporarySite } from './temporary-site.js';

let site: TemporarySite;

beforeAll(() => {
  site = temporarySite(files);
});

interface Report {
  readonly result: {
    readonly endpoints: readonly {
      readonly endpoint: string;
      readonly test_results: {
        readonly tests: readonly { readonly status: string; readonly error: string | null }[];
      };
    }[];
  };
}

describe('mxcp test', () => {
  it('finds of TypeScript bodies what it finds of SQL bodies, case by case', async () => {
    const { endpoints } = ((await site.mxcp(['test', '--json'])).json() as unknown as Report).result;
    const found = new Map(endpoints.map(({ endpoint, test_results }) => [endpoint, test_results.tests]));
    expect(found.size).toBe(matrix.cases.length * languages.length);
    for (const [index, { name }] of matrix.cases.entries())
      for (const language of languages)
        expect(found.get(`tool/${language}_${index}`), name).toMatchObject([
          { status: 'passed', error: null },
        ]);
  });
});

describe('mxcp list and validate', () => {
  it('say the same of both', async () => {
    const { stdout, code } = await site.mxcp(['validate', '--json']);
    expect(code, stdout).toBe(0);
    const listed = await site.mxcp(['list', '--json']);
    for (const index of matrix.cases.keys())
      for (const language of languages) expect(listed.stdout).toContain(`"${language}_${index}"`);
  });
});

const explained = matrix.cases.flatMap((one, index): [string, Case, number][] =>
  one.endpoint?.['policies'] === undefined ? [] : [[one.name, one, index]],
);

async function explain(one: Case, name: string): Promise<unknown> {
  const parameters = Object.entries(one.arguments ?? {}).flatMap(([key, value]) => [
    '-p',
    `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  ]);
  const { stdout, code } = await site.mxcp(['run', 'tool', name, ...parameters, '--explain', '--json']);
  const text = stdout
    .replaceAll(name, 'tool')
    .replaceAll(/"(?:call_id|place)": ?"[^"]*"/g, '"it": "differs"');
  return { code, said: JSON.parse(text) as unknown };
}

describe.each(explained)('mxcp run --explain: %s', (_, one, index) => {
  it('is the same for both', async () => {
    const [sql, typescript] = [await explain(one, `sql_${index}`), await explain(one, `typescript_${index}`)];
    expect(typescript).toEqual(sql);
    expect(JSON.stringify(sql)).toContain(one.expect.rule ?? '"decision"');
  });
});
