import type { Colors } from '../context.js';
import { printable } from '../printable.js';
import { byEndpoint, testTotals, type TestResult } from './report.js';

function testLines(test: TestResult, colors: Colors): string[] {
  const marks = {
    passed: colors.green('✓'),
    failed: colors.red('✗'),
    error: colors.red('!'),
    'not-run': colors.yellow('-'),
  };
  const time = colors.dim(`(${Math.round(test.durationMs)} ms)`);
  const failures = test.failures.flatMap((failure) => printable(failure).split('\n'));
  return [
    `  ${marks[test.status]} ${printable(test.name)} ${time}`,
    ...failures.map((line) => `      ${colors.red(line)}`),
  ];
}

function endpointLines(group: readonly TestResult[], colors: Colors): string[] {
  const [first] = group;
  if (first === undefined) return [];
  const title = `${colors.bold(printable(`${first.kind} ${first.endpoint}`))} ${colors.dim(printable(first.file))}`;
  return [title, ...group.flatMap((test) => testLines(test, colors))];
}

/** Passed, failed with the differences, errors and not run, by endpoint; then totals and time. */
export function testReportText(results: readonly TestResult[], durationMs: number, colors: Colors): string {
  const { passed, failed, errors, notRun } = testTotals(results);
  const totals = [
    colors.green(`${passed} passed`),
    ...(failed > 0 ? [colors.red(`${failed} failed`)] : []),
    ...(errors > 0 ? [colors.red(`${errors} with an error`)] : []),
    ...(notRun > 0 ? [colors.yellow(`${notRun} not run`)] : []),
  ];
  const time = colors.dim(`in ${(durationMs / 1000).toFixed(2)} s`);
  if (results.length === 0) return 'No tests';
  return [
    ...byEndpoint(results).flatMap((group) => endpointLines(group, colors)),
    '',
    `${totals.join(', ')} ${time}`,
  ].join('\n');
}
