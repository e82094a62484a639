import { describe, expect, it } from 'vitest';
import { colorsFor } from '../../../src/cli/colors.js';
import { coveragePercent, coverageText, ruleCoverage } from '../../../src/cli/testing/coverage.js';
import { diffJson } from '../../../src/cli/testing/diff.js';
import { junitXml } from '../../../src/cli/testing/junit.js';
import { testReportJson, type TestResult } from '../../../src/cli/testing/report.js';
import { testReportText } from '../../../src/cli/testing/report-text.js';
import type { PromptEndpoint } from '../../../src/model/endpoint.js';
import type { RuleTrace } from '../../../src/model/outcome.js';
import type { InputRule, OutputRule } from '../../../src/model/rule.js';

const base = { kind: 'tool', endpoint: 'find', file: 'tools/find.yml', durationMs: 12 } as const;
const results: readonly TestResult[] = [
  { ...base, name: 'one', status: 'passed', failures: [] },
  {
    ...base,
    name: 'two <"&\u001b>',
    status: 'failed',
    failures: ['result: a: expected 1, got 2', 'decision: x'],
  },
  { ...base, endpoint: 'other', name: 'three', status: 'error', failures: [']]> & <'] },
  { ...base, endpoint: 'other', name: 'four', status: 'not-run', failures: [] },
];

describe('test reports', () => {
  it('say what passed, failed with the differences, and was not run', () => {
    const plain = colorsFor({ write: () => undefined }, {}, false);
    expect(testReportText(results, 1234, plain).split('\n')).toEqual([
      'tool find tools/find.yml',
      '  ✓ one (12 ms)',
      '  ✗ two <"&\\u{1b}> (12 ms)',
      '      result: a: expected 1, got 2',
      '      decision: x',
      'tool other tools/find.yml',
      '  ! three (12 ms)',
      '      ]]> & <',
      '  - four (12 ms)',
      '',
      '1 passed, 1 failed, 1 with an error, 1 not run in 1.23 s',
    ]);
  });

  it('have the shape of the Python program as JSON', () => {
    expect(testReportJson(results, 1234)).toMatchObject({
      status: 'error',
      tests_run: 3,
      endpoints: [
        {
          endpoint: 'tool/find',
          path: 'tools/find.yml',
          test_results: {
            status: 'failed',
            tests_run: 2,
            tests: [
              { name: 'one', status: 'passed', error: null, time: 0.012 },
              { status: 'failed', error: 'result: a: expected 1, got 2\ndecision: x' },
            ],
          },
        },
        { endpoint: 'tool/other', test_results: { status: 'error', tests_run: 1 } },
      ],
    });
  });

  it('are well-formed JUnit XML, whatever the names and values', () => {
    expect(junitXml(results, 1234)).toBe(
      [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<testsuites name="mxcp" tests="4" failures="1" errors="1" skipped="1" time="1.234">',
        '  <testsuite name="tool find" tests="2" failures="1" errors="0" skipped="0" time="0.024">',
        '    <testcase classname="tool.find" name="one" file="tools/find.yml" time="0.012"></testcase>',
        '    <testcase classname="tool.find" name="two &lt;&quot;&amp;\ufffd&gt;" file="tools/find.yml" time="0.012">' +
          '<failure message="result: a: expected 1, got 2">result: a: expected 1, got 2&#10;decision: x</failure></testcase>',
        '  </testsuite>',
        '  <testsuite name="tool other" tests="2" failures="0" errors="1" skipped="1" time="0.024">',
        '    <testcase classname="tool.other" name="three" file="tools/find.yml" time="0.012">' +
          '<error message="]]&gt; &amp; &lt;">]]&gt; &amp; &lt;</error></testcase>',
        '    <testcase classname="tool.other" name="four" file="tools/find.yml" time="0.012"><skipped/></testcase>',
        '  </testsuite>',
        '</testsuites>',
        '',
      ].join('\n'),
    );
  });

  it('show at most twenty differences, and long values cut', () => {
    const wanted = Array.from({ length: 50 }, (_, i) => i);
    expect(diffJson(wanted, [])).toHaveLength(21);
    expect(diffJson('x'.repeat(5000), null)[0]?.length).toBeLessThan(300);
  });
});

const origin = { file: 'tools/find.yml', line: 9, column: 7 };
const source = { text: 'true', origin, indent: 0 };
const ruleBase = { mode: 'enforce', origin, hash: '', site: false } as const;
const deny: InputRule = { ...ruleBase, id: 'deny', condition: source, action: 'deny' };
const always: OutputRule = { ...ruleBase, id: 'always', action: 'filter_sensitive_fields' };
const keep: OutputRule = { ...ruleBase, id: 'keep', action: 'keep_rows', where: source };

const endpoint: PromptEndpoint = {
  kind: 'prompt',
  name: 'p',
  tags: [],
  parameters: [],
  policies: { input: [deny], output: [always, keep] },
  limits: { timeoutMs: 1, maxRows: 1, maxScanRows: 1, maxBytes: 1, onLimit: 'error' },
  tests: [],
  origin,
  dynamicSql: false,
  scopes: [],
  unreleasedText: false,
  messages: [],
};

function trace(id: string, matched: RuleTrace['matched'], changed = 0): RuleTrace {
  return { id, hash: '', action: '', shadow: false, matched, changed };
}

describe('rule coverage', () => {
  it('needs every rule from both sides', () => {
    const none = ruleCoverage([endpoint, endpoint], []);
    expect(none).toMatchObject([
      { id: 'deny', matched: false, notMatched: false },
      { id: 'always', matched: false, notMatched: true },
      { id: 'keep', matched: false, notMatched: false },
    ]);
    expect(coverageText(none).split('\n')).toEqual([
      'Rules that no test made match:',
      '  deny (tools/find.yml:9)',
      '  always (tools/find.yml:9)',
      '  keep (tools/find.yml:9)',
      'Rules that no test made not match:',
      '  deny (tools/find.yml:9)',
      '  keep (tools/find.yml:9)',
      'Rule coverage: 16 % of both sides of 3 rules',
    ]);
  });

  it('counts a rule that could not be evaluated as neither side', () => {
    expect(
      ruleCoverage([endpoint], [{ endpoint, traces: [trace('deny', 'not-evaluable')] }])[0],
    ).toMatchObject({
      matched: false,
      notMatched: false,
    });
  });

  it('asks of an unconditional keep_rows that rows were dropped, and that none were', () => {
    const traces = [
      trace('deny', true),
      trace('deny', false),
      trace('always', true),
      trace('keep', true, 0),
      trace('keep', true, 2),
    ];
    const all = ruleCoverage([endpoint], [{ endpoint, traces }]);
    expect(coveragePercent(all)).toBe(100);
    expect(coveragePercent(ruleCoverage([endpoint], [{ endpoint, traces: [trace('keep', true, 2)] }]))).toBe(
      33,
    );
  });

  it('counts a rule of the site once, and keeps rules of two endpoints apart that have the same id', () => {
    const own = (line: number): InputRule => ({ ...deny, id: 'own', origin: { ...origin, line } });
    const one = { ...endpoint, policies: { input: [deny, own(20)], output: [] } };
    const two = { ...endpoint, name: 'q', policies: { input: [deny, own(30)], output: [] } };
    const tried = [
      { endpoint: one, traces: [trace('deny', true), trace('own', true)] },
      { endpoint: two, traces: [trace('deny', false), trace('own', false)] },
    ];
    expect(ruleCoverage([one, two], tried)).toMatchObject([
      { id: 'deny', origin: { line: 9 }, matched: true, notMatched: true },
      { id: 'own', origin: { line: 20 }, matched: true, notMatched: false },
      { id: 'own', origin: { line: 30 }, matched: false, notMatched: true },
    ]);
  });

  it('is complete without rules', () => {
    expect(coveragePercent([])).toBe(100);
  });
});
