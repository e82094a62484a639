import { cruise, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';
import { describe, expect, it } from 'vitest';

const stages = ['auth', 'policy', 'limit', 'validate', 'execute', 'audit'];

/** Folder of src → folders that it may import from, beside itself, `lib` and `errors.ts`. */
const mayImport: Record<string, readonly string[]> = {
  lib: [],
  model: [],
  project: ['model'],
  // What a site's own TypeScript imports: nothing else of the program comes with it into a worker.
  author: ['model'],
  ...Object.fromEntries(stages.map((stage) => [stage, ['model']])),
  execute: ['model', 'author'],
  engine: ['model', ...stages],
  telemetry: ['model', 'engine'],
  inspect: ['model', 'engine'],
  transport: ['model', 'engine', 'auth'],
  cli: ['model', 'project', 'engine', 'transport', 'audit', 'inspect', 'telemetry'],
};

/** Package → the only folders of src that may import it. */
const packageHome: Record<string, readonly string[]> = {
  '@duckdb/node-api': ['execute', 'audit'],
  '@marcbachmann/cel-js': ['policy'],
  '@bufbuild/re2': ['lib'],
  '@huggingface/jinja': ['execute'],
  '@modelcontextprotocol/server': ['transport'],
  esbuild: ['execute'],
  fastify: ['transport'],
  yaml: ['project', 'cli'],
  libsql: ['auth'],
  ioredis: ['auth', 'limit'],
  ajv: ['lib'],
  'ajv-formats': ['lib'],
  commander: ['cli'],
  jose: ['auth'],
  'oidc-provider': ['auth'],
};

function folderRules(): IForbiddenRuleType[] {
  return Object.entries(mayImport).map(([folder, allowed]) => ({
    name: `${folder}-imports`,
    severity: 'error',
    from: { path: `^src/${folder}/` },
    to: {
      path: '^src/',
      pathNot: `^src/(${['errors\\.ts$', 'lib/', `${folder}/`, ...allowed.map((name) => `${name}/`)].join('|')})`,
    },
  }));
}

function packageRules(): IForbiddenRuleType[] {
  return Object.entries(packageHome).map(([name, homes]) => ({
    name: `${name}-home`,
    severity: 'error',
    from: { path: '^src/', pathNot: `^src/(${homes.join('|')})/` },
    to: { path: `node_modules/${name}/` },
  }));
}

describe('architecture', () => {
  it('imports only in the allowed directions, each package in its home, without cycles', async () => {
    const forbidden: IForbiddenRuleType[] = [
      ...folderRules(),
      ...packageRules(),
      {
        name: 'errors-import-nothing',
        severity: 'error',
        from: { path: '^src/errors\\.ts$' },
        to: { path: '.' },
      },
      { name: 'no-cycle', severity: 'error', from: { path: '^src/' }, to: { circular: true } },
      { name: 'no-test-code', severity: 'error', from: { path: '^src/' }, to: { path: '^test/' } },
    ];
    const result = await cruise(['src'], {
      validate: true,
      ruleSet: { forbidden },
      tsPreCompilationDeps: true,
      doNotFollow: { path: 'node_modules' },
    });
    const { summary } = result.output as ICruiseResult;
    expect(summary.violations.map(({ from, to, rule }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
    expect(summary.totalCruised).toBeGreaterThan(5);
  });
});
