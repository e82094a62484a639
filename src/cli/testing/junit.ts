import { byEndpoint, testTotals, type TestResult } from './report.js';

// XML 1.0 cannot carry these characters, not even escaped.
const notXml = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

const entities = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ['\n', '&#10;'],
]);

function escape(text: string): string {
  return text.replace(notXml, '\ufffd').replace(/[&<>"\n]/g, (char) => entities.get(char) ?? char);
}

function seconds(durationMs: number): string {
  return (durationMs / 1000).toFixed(3);
}

function outcomeElement(test: TestResult): string {
  if (test.status === 'passed') return '';
  if (test.status === 'not-run') return '<skipped/>';
  const element = test.status === 'failed' ? 'failure' : 'error';
  const message = escape(test.failures[0] ?? '');
  return `<${element} message="${message}">${escape(test.failures.join('\n'))}</${element}>`;
}

function testCase(test: TestResult): string {
  const attributes = `classname="${escape(`${test.kind}.${test.endpoint}`)}" name="${escape(test.name)}"`;
  return `    <testcase ${attributes} file="${escape(test.file)}" time="${seconds(test.durationMs)}">${outcomeElement(test)}</testcase>`;
}

function suite(tests: readonly TestResult[]): string {
  const { failed, errors, notRun } = testTotals(tests);
  const time = tests.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const name = escape(`${tests[0]?.kind ?? ''} ${tests[0]?.endpoint ?? ''}`);
  const counts = `tests="${tests.length}" failures="${failed}" errors="${errors}" skipped="${notRun}"`;
  return [
    `  <testsuite name="${name}" ${counts} time="${seconds(time)}">`,
    ...tests.map(testCase),
    '  </testsuite>',
  ].join('\n');
}

/** The results as JUnit XML, the form that CI systems read: one suite per endpoint. */
export function junitXml(results: readonly TestResult[], durationMs: number): string {
  const { failed, errors, notRun } = testTotals(results);
  const counts = `tests="${results.length}" failures="${failed}" errors="${errors}" skipped="${notRun}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="mxcp" ${counts} time="${seconds(durationMs)}">`,
    ...byEndpoint(results).map(suite),
    '</testsuites>',
    '',
  ].join('\n');
}
