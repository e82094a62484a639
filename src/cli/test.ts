import { writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { resolve } from 'node:path';
import { Argument, type Command } from 'commander';
import type { Runtime } from '../engine/runtime.js';
import { UsageError, type Problem } from '../errors.js';
import type { Persona } from '../model/caller.js';
import type { EndpointKind } from '../model/rule.js';
import { parseRequestHeaders } from './cli-request.js';
import type { Context, ExitCode, Invoke } from './context.js';
import { withRuntime } from './open-site.js';
import { printResult } from './output.js';
import { parseUserContext } from './parse-persona.js';
import { printProblems } from './problems/print-problems.js';
import { coveragePercent, coverageText, ruleCoverage, type RuleCoverage } from './testing/coverage.js';
import { junitXml } from './testing/junit.js';
import { openTestSite } from './testing/open-test-site.js';
import { testReportJson, testTotals, type TestResult } from './testing/report.js';
import { testReportText } from './testing/report-text.js';
import { runTests } from './testing/run-tests.js';
import { planTests, selectEndpoints, type TestSelection } from './testing/test-plan.js';

export interface TestOptions {
  readonly userContext?: string;
  readonly requestHeaders?: string;
  readonly coverage?: true;
  readonly junit?: string;
  readonly readonly?: true;
}

/** What a run of tests found out. */
interface Report {
  readonly results: readonly TestResult[];
  readonly durationMs: number;
  readonly coverage: readonly RuleCoverage[] | undefined;
}

interface Asked {
  readonly selection: TestSelection;
  readonly persona: Persona | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly coverage: boolean;
}

async function runSelected(context: Context, runtime: Runtime, asked: Asked): Promise<Report> {
  const { endpoints, broken } = runtime.project;
  const selected = selectEndpoints(endpoints, broken, asked.selection);
  const startedAt = performance.now();
  const { persona, headers } = asked;
  const run = { runtime, persona, headers, signal: context.world.interrupts() };
  const ran = await runTests(context, run, planTests(selected));
  return {
    results: ran.map(({ result }) => result),
    durationMs: performance.now() - startedAt,
    coverage: asked.coverage ? ruleCoverage(selected, ran) : undefined,
  };
}

function coverageJson(rules: readonly RuleCoverage[]): object {
  return {
    percent: coveragePercent(rules),
    rules: rules.map(({ id, origin, matched, notMatched }) => ({
      id,
      path: origin.file,
      line: origin.line,
      matched,
      not_matched: notMatched,
    })),
  };
}

function reportText(context: Context, { results, durationMs, coverage }: Report): string {
  const text = testReportText(results, durationMs, context.colors.stdout);
  return coverage === undefined ? text : `${text}\n\n${coverageText(coverage)}`;
}

function writeJunit(context: Context, path: string, { results, durationMs }: Report): void {
  try {
    writeFileSync(resolve(context.world.cwd, path), junitXml(results, durationMs));
  } catch (cause) {
    throw new UsageError(`--junit: ${path} cannot be written`, { cause });
  }
}

/** Tests that a broken file hides have not passed. */
function exitCodeOf(problems: readonly Problem[], { results }: Report): ExitCode {
  const { failed, errors, notRun } = testTotals(results);
  if (failed + errors > 0) return 1;
  return notRun > 0 || problems.length > 0 ? 3 : 0;
}

/**
 * Runs the tests of the site through the real pipeline, each in a transaction that is rolled back. `-u` and
 * `--request-headers` win over what tests say. Exit code 1 when a test fails, 3 when files with errors
 * or endpoints that do not prepare kept tests from running.
 */
export async function test(
  context: Context,
  selection: TestSelection,
  options: TestOptions,
): Promise<ExitCode> {
  const { cwd } = context.world;
  const { userContext, requestHeaders, coverage, junit, readonly } = options;
  const persona = userContext === undefined ? undefined : parseUserContext(userContext, cwd);
  const headers = parseRequestHeaders(requestHeaders, cwd);
  const site = await openTestSite(context, { overrides: { readonly }, ignoreErrors: () => true });
  const problems = site.project.warnings.filter(({ severity }) => severity === 'error');
  printProblems(context, problems);
  return withRuntime(context, site, 'test', async (runtime) => {
    const asked = { selection, persona, headers, coverage: coverage === true };
    const report = await runSelected(context, runtime, asked);
    if (junit !== undefined) writeJunit(context, junit, report);
    const json = testReportJson(report.results, report.durationMs);
    const result =
      report.coverage === undefined ? json : { ...json, coverage: coverageJson(report.coverage) };
    return printResult(context, result, () => reportText(context, report), exitCodeOf(problems, report));
  });
}

/** `mxcp test [KIND NAME]`. */
export function configure(command: Command, invoke: Invoke): void {
  command
    .addArgument(new Argument('[kind]', 'only this kind').choices(['tool', 'resource', 'prompt']))
    .argument('[name]', 'only this endpoint')
    .option('-u, --user-context <user>', 'who calls in all tests: JSON, @file, or role=hr,email=a@b.c')
    .option('--request-headers <json>', 'headers of all requests: JSON or @file')
    .option('--coverage', 'report the rules that no test made match, or not match')
    .option('--junit <file>', 'write the results as JUnit XML')
    .option('--readonly', 'open the database read-only')
    .action((kind: EndpointKind | undefined, name: string | undefined, options: TestOptions) =>
      invoke((context) =>
        test(context, { ...(kind !== undefined && { kind }), ...(name !== undefined && { name }) }, options),
      ),
    );
}
