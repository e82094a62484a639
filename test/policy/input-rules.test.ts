import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/model/json.js';
import { compileRules, type EndpointRules } from '../../src/policy/compile-rules.js';
import type { Subject } from '../../src/policy/subject.js';
import {
  argumentsOf,
  context,
  endpoint,
  readCases,
  subject,
  type EndpointText,
  type UserText,
} from './build.js';

interface InputSuite extends EndpointText {
  readonly name: string;
  readonly cases: readonly InputCase[];
}

interface Wanted {
  readonly deny?: string;
  readonly reason?: string;
  readonly traces?: readonly string[];
}

interface InputCase {
  readonly name: string;
  readonly user?: UserText;
  readonly args?: Readonly<Record<string, Json>>;
  readonly want: 'allow' | Wanted;
  readonly hidden?: boolean;
}

function decide(rules: EndpointRules, who: Subject, args: InputCase['args']) {
  const early = rules.early(who);
  const late = early.denial ? undefined : rules.authorize(who, argumentsOf(args));
  const traces = [...early.traces, ...(late?.traces ?? [])];
  return {
    denial: early.denial ?? late?.denial,
    traces: traces.map(({ id, matched }) => `${id} ${matched}`),
  };
}

function rulesOf(text: EndpointText): EndpointRules {
  const { rules, problems } = compileRules(endpoint(text), context());
  if (!rules) throw new Error(problems.map(({ message }) => message).join('\n'));
  return rules;
}

describe.each(
  (readCases('input-rules') as readonly InputSuite[]).map((suite) => [suite.name, suite] as const),
)('%s', (_, suite) => {
  const rules = rulesOf(suite);

  it.each(suite.cases.map((item) => [item.name, item] as const))('%s', (_name, item) => {
    const who = subject(item.user);
    const { denial, traces } = decide(rules, who, item.args);
    const want: Wanted = item.want === 'allow' ? {} : item.want;
    expect(denial?.rule).toBe(want.deny);
    if (want.reason !== undefined) expect(denial?.reason).toBe(want.reason);
    if (want.traces) expect(traces).toEqual(want.traces);
    expect(rules.hiddenBy(who) !== undefined).toBe(item.hidden === true);
  });
});

describe('input rules', () => {
  it('that read no argument are asked before arguments are known', () => {
    const rules = rulesOf({
      parameters: { a: { type: 'string' } },
      input: [
        { id: 'late', condition: "a == 'x'" },
        { id: 'early', condition: "user.role == 'anonymous'" },
      ],
    });
    expect(rules.early(subject()).denial?.rule).toBe('early');
    expect(rules.early(subject({ role: 'user' })).traces.map(({ id }) => id)).toEqual(['early']);
    expect(
      rules.authorize(subject({ role: 'user' }), argumentsOf({ a: 'y' })).traces.map(({ id }) => id),
    ).toEqual(['late']);
  });

  it('record id, hash and why they could not be evaluated', () => {
    const rules = rulesOf({ input: [{ id: 'a', condition: "user.claims.x == 'y'" }] });
    expect(rules.early(subject({ role: 'user' }))).toEqual({
      denial: { rule: 'a', ruleHash: 'hash-of-a', reason: 'policy could not be evaluated' },
      traces: [
        {
          id: 'a',
          hash: 'hash-of-a',
          action: 'deny',
          shadow: false,
          matched: 'not-evaluable',
          changed: 0,
          error: 'no field `x` at 1:1',
        },
      ],
    });
  });
});
