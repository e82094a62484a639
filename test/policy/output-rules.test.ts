import { describe, expect, it } from 'vitest';
import { deepFreeze } from '../../src/lib/freeze.js';
import { ExecuteTimeoutError, PolicyDeniedError } from '../../src/errors.js';
import type { Json } from '../../src/model/json.js';
import { compileRules, type EndpointRules } from '../../src/policy/compile-rules.js';
import type { ReleaseResult } from '../../src/policy/decision.js';
import {
  argumentsOf,
  context,
  endpoint,
  readCases,
  subject,
  type EndpointText,
  type UserText,
} from './build.js';

interface OutputSuite extends EndpointText {
  readonly name: string;
  readonly cases: readonly OutputCase[];
}

interface OutputCase {
  readonly name: string;
  readonly user?: UserText;
  readonly response: Json;
  readonly want: {
    readonly deny?: string;
    readonly reason?: string;
    readonly none?: boolean;
    readonly value?: Json;
    readonly changed?: boolean;
    readonly traces?: readonly string[];
  };
}

const { signal } = new AbortController();

function rulesOf(text: EndpointText): EndpointRules {
  const { rules, problems } = compileRules(endpoint(text), context());
  if (!rules) throw new Error(problems.map(({ message }) => message).join('\n'));
  return rules;
}

function summarize(result: ReleaseResult) {
  const traces = result.traces.map(({ id, matched, changed }) => `${id} ${matched} ${changed}`);
  switch (result.status) {
    case 'denied':
      return { deny: result.denial.rule, reason: result.denial.reason, traces };
    case 'none':
      return { none: true, traces };
    case 'released':
      return { value: JSON.parse(JSON.stringify(result.value)) as Json, changed: result.changed, traces };
  }
}

const suites = (readCases('output-rules') as readonly OutputSuite[]).map(
  (suite) => [suite.name, suite] as const,
);

describe.each(suites)('%s', (_, suite) => {
  const rules = rulesOf(suite);
  const cases = suite.cases.map((item) => [item.name, item] as const);

  it.each(cases)('%s', async (_name, item) => {
    const response = deepFreeze(item.response);
    const result = await rules.release(subject(item.user), argumentsOf(), response, signal);
    expect(summarize(result)).toMatchObject(item.want);
  });

  it.each(cases.filter(([, item]) => Array.isArray(item.response)))(
    '%s, while rows stream',
    async (_name, item) => {
      const who = subject(item.user);
      const filter = rules.rowFilter(who, argumentsOf());
      if (!filter) return;
      let kept: Json;
      try {
        kept = (item.response as Json[]).filter((row) => filter.keep(row));
      } catch (error) {
        expect(error).toBeInstanceOf(PolicyDeniedError);
        kept = [];
      }
      const result = await rules.release(who, argumentsOf(), kept, signal, filter);
      expect(summarize(result)).toMatchObject(item.want);
    },
  );
});

describe('output rules', () => {
  it('with a condition over the whole response do not stream', () => {
    const streaming = { output: [{ action: 'keep_rows', where: 'row.a == 1' }] } as const;
    const whole = { output: [{ action: 'keep_rows', where: 'row.a == size(response)' }] } as const;
    const object = {
      ...streaming,
      returns: { type: 'object', properties: { a: { type: 'integer' } } },
    } as const;
    const filterOf = (text: EndpointText) =>
      rulesOf(text).rowFilter(subject({ role: 'user' }), argumentsOf());
    expect(filterOf(streaming)).toBeDefined();
    expect(filterOf(whole)).toBeUndefined();
    expect(filterOf(object)).toBeUndefined();
  });

  it('that look through a long list for each item let others have their turns, and end with their call', async () => {
    const list = Array.from({ length: 50_000 }, (_, i) => i);
    const args = argumentsOf({ list });
    const rules = rulesOf({
      parameters: { list: { type: 'array' } },
      output: [{ action: 'keep_rows', where: 'size(response) > 0 && !args.list.exists(x, x == row.id)' }],
    });
    const response = Array.from({ length: 2_000 }, () => ({ id: -1 }));
    const stopped = new AbortController();
    const release = rules.release(subject({ role: 'user' }), args, response, stopped.signal);
    setImmediate(() => stopped.abort(new ExecuteTimeoutError('too late')));
    await expect(release).rejects.toMatchObject({ code: 'EXECUTE_TIMEOUT' });
  });

  it('give an object without prototype, in which keys are only data', async () => {
    const rules = rulesOf({ output: [{ action: 'filter_fields', fields: ['x', '*.pin'] }] });
    const response = JSON.parse(
      '[{"__proto__": {"admin": true, "pin": 1}, "constructor": {"pin": 1}, "x": 2}]',
    ) as Json;
    const result = await rules.release(subject({ role: 'user' }), argumentsOf(), response, signal);
    const [row] = (result.status === 'released' ? result.value : []) as Record<string, Json>[];
    expect(Object.keys(row ?? {})).toEqual(['__proto__', 'constructor']);
    expect(JSON.stringify(row)).toBe('{"__proto__":{"admin":true},"constructor":{}}');
    expect(row?.['admin']).toBeUndefined();
    expect('toString' in (row ?? {})).toBe(false);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  it('share what they do not change, and change nothing in place', async () => {
    const rules = rulesOf({ output: [{ action: 'mask_fields', fields: ['a.b'] }] });
    const response = deepFreeze([{ a: { b: 1, c: [1] }, d: { e: 1 } }]);
    const result = await rules.release(subject({ role: 'user' }), argumentsOf(), response, signal);
    const [row] = (result.status === 'released' ? result.value : []) as { d: Json }[];
    expect(row?.d).toBe(response[0]?.d);
  });

  it('deny a result that is nested too deeply to look through', async () => {
    const rules = rulesOf({ output: [{ id: 'deep', action: 'mask_fields', fields: ['**.ssn'] }] });
    let response: Json = { ssn: 1 };
    for (let i = 0; i < 20_000; i++) response = [{ a: response }];
    const result = await rules.release(subject({ role: 'user' }), argumentsOf(), response, signal);
    expect(result).toMatchObject({
      status: 'denied',
      denial: { rule: 'deep', reason: 'policy could not be evaluated' },
    });
    expect(result.traces[0]).toMatchObject({
      matched: 'not-evaluable',
      error: 'the result is nested too deeply',
    });
  });

  it('hash equally within one field of one endpoint, and more widely when the site says so', async () => {
    const text = { output: [{ action: 'mask_fields', fields: ['*'], mask: 'hash' }] } as const;
    const hashesOf = async (hashScope: 'field' | 'site', name: string): Promise<readonly Json[]> => {
      const settings = { ...context().settings, hashScope };
      const { rules } = compileRules({ ...endpoint(text), name }, context({ settings }));
      const response = [
        { a: 'x', b: 'x' },
        { a: 'x', b: 'y' },
      ];
      const result = await rules?.release(subject({ role: 'user' }), argumentsOf(), response, signal);
      return result?.status === 'released'
        ? (result.value as Record<string, Json>[]).flatMap((row) => Object.values(row))
        : [];
    };
    const [a1, b1, a2, b2] = await hashesOf('field', 'one');
    expect(a1).toBe(a2);
    expect(a1).not.toBe(b1);
    expect(b1).not.toBe(b2);
    expect((await hashesOf('field', 'two'))[0]).not.toBe(a1);
    const [wide, alsoWide] = await hashesOf('site', 'one');
    expect(wide).toBe(alsoWide);
    expect((await hashesOf('site', 'two'))[0]).toBe(wide);
  });

  it('remember paths of results only up to a bound', async () => {
    const rules = rulesOf({ output: [{ action: 'mask_fields', fields: ['**.ssn'] }] });
    const keys = Array.from({ length: 30_000 }, (_, i) => [`key${i}`, { ssn: i }] as const);
    const response = [Object.fromEntries(keys)];
    const result = await rules.release(subject({ role: 'user' }), argumentsOf(), response, signal);
    expect(result).toMatchObject({ status: 'released', traces: [{ changed: 30_000 }] });
  });

  it('on a prompt may deny; fields and rows do not exist there', async () => {
    const prompt = (action: 'deny' | 'mask_sensitive_fields', site: boolean) =>
      compileRules(
        endpoint({ kind: 'prompt', output: [{ action, site, condition: "response[0].text.contains('x')" }] }),
        context(),
      );
    const { rules } = prompt('deny', false);
    const messages = [{ role: 'user', text: 'x' }];
    const result = await rules?.release(subject({ role: 'user' }), argumentsOf(), messages, signal);
    expect(result?.status).toBe('denied');
    expect(prompt('mask_sensitive_fields', false).problems.map(({ rule }) => rule)).toEqual([
      'policy-action',
    ]);
    expect(prompt('mask_sensitive_fields', true).problems).toEqual([]);
  });
});
