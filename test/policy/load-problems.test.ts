import { describe, expect, it } from 'vitest';
import { compileRules } from '../../src/policy/compile-rules.js';
import { context, endpoint, readCases, type NodeText } from './build.js';

interface ProblemCase {
  readonly if: string;
  readonly column?: number;
  readonly says: string;
  readonly instead?: string;
}

const { parameters, cases } = readCases('load-problems') as {
  readonly parameters: Readonly<Record<string, NodeText>>;
  readonly cases: readonly ProblemCase[];
};

function problemsOf(condition: string) {
  const { rules, problems } = compileRules(endpoint({ parameters, input: [{ condition }] }), context());
  return { rules, problems: problems.filter(({ severity }) => severity === 'error') };
}

describe('a condition that does not load', () => {
  it.each(cases.map((item) => [item.if, item] as const))('%s', (_, item) => {
    const { rules, problems } = problemsOf(item.if);
    expect(rules).toBeUndefined();
    expect(problems).toHaveLength(1);
    const [problem] = problems;
    expect(problem).toMatchObject({ rule: 'policy-condition', endpoint: 'tool/report' });
    expect(problem?.message).toContain(item.says);
    expect(problem?.remedy).toBe(item.instead ?? problem?.remedy);
    if (item.column !== undefined) expect(problem?.origin.column).toBe(item.column);
  });

  it('is quoted with a caret below the place', () => {
    const [problem] = problemsOf("region == 'a' &&\n  amount == '5'").problems;
    expect(problem?.origin).toEqual({ file: 'case.yml', line: 2, column: 3 });
    expect(problem?.excerpt).toBe("  amount == '5'\n  ^");
  });

  it('is offered only corrections that load', () => {
    const offers = cases.flatMap((item) => /^Write `(.*)`$/.exec(item.instead ?? '')?.[1] ?? []);
    const whole = offers.filter((offer) => /^[^…]*([=<>]| in |contains)[^…]*$/.test(offer));
    expect(whole.length).toBeGreaterThan(15);
    for (const offer of whole) expect(problemsOf(offer).problems, offer).toEqual([]);
  });
});
