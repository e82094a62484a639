import type { EndpointKind } from '../../model/rule.js';

/** How one test ended. `error`: it could not be run to an outcome. */
export interface TestResult {
  readonly kind: EndpointKind;
  readonly endpoint: string;
  /** The file that declares the endpoint. */
  readonly file: string;
  readonly name: string;
  readonly description?: string;
  readonly status: 'passed' | 'failed' | 'error' | 'not-run';
  /** Why it did not pass, one line or block per failed assertion. */
  readonly failures: readonly string[];
  readonly durationMs: number;
  /** Finds the call in the audit log, where tests are recorded. */
  readonly callId?: string;
}

export interface TestTotals {
  readonly passed: number;
  readonly failed: number;
  readonly errors: number;
  readonly notRun: number;
}

/** Counts by status. */
export function testTotals(results: readonly TestResult[]): TestTotals {
  const count = (status: TestResult['status']): number =>
    results.filter((result) => result.status === status).length;
  return {
    passed: count('passed'),
    failed: count('failed'),
    errors: count('error'),
    notRun: count('not-run'),
  };
}

/** The results of each endpoint, in the order in which endpoints first appear. */
export function byEndpoint(results: readonly TestResult[]): readonly (readonly TestResult[])[] {
  const groups = new Map<string, TestResult[]>();
  for (const result of results) {
    const key = `${result.kind}/${result.endpoint}`;
    const group = groups.get(key);
    if (group) group.push(result);
    else groups.set(key, [result]);
  }
  return [...groups.values()];
}

function seconds(durationMs: number): number {
  return Math.round(durationMs) / 1000;
}

function statusOf(results: readonly TestResult[]): 'ok' | 'failed' | 'error' {
  const { failed, errors } = testTotals(results);
  return errors > 0 ? 'error' : failed > 0 ? 'failed' : 'ok';
}

/** The results in the shape of the Python program's `--json-output`, with ours beside it. */
export function testReportJson(results: readonly TestResult[], durationMs: number): object {
  return {
    status: statusOf(results),
    tests_run: results.length - testTotals(results).notRun,
    ...testTotals(results),
    time: seconds(durationMs),
    endpoints: byEndpoint(results).map((group) => ({
      endpoint: `${group[0]?.kind ?? ''}/${group[0]?.endpoint ?? ''}`,
      path: group[0]?.file ?? '',
      test_results: {
        status: statusOf(group),
        tests_run: group.length - testTotals(group).notRun,
        tests: group.map((test) => ({
          name: test.name,
          description: test.description ?? null,
          status: test.status,
          error: test.failures.length === 0 ? null : test.failures.join('\n'),
          time: seconds(test.durationMs),
          call_id: test.callId ?? null,
        })),
      },
    })),
  };
}
