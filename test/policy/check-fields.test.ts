import { describe, expect, it } from 'vitest';
import type { Problem } from '../../src/errors.js';
import type { ResultColumn } from '../../src/model/effects.js';
import { compileRules } from '../../src/policy/compile-rules.js';
import { context, endpoint, type EndpointText } from './build.js';

const returns = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      name: { type: 'string' },
      level: { type: 'integer' },
      grade: { type: 'string', enum: ['a', 'b'] },
      address: { type: 'object', properties: { street: { type: 'string' } } },
      extra: { type: 'object' },
    },
  },
} as const;

function problemsOf(text: EndpointText, columns?: readonly ResultColumn[], strictFields = false): Problem[] {
  const settings = { ...context().settings, strictFields };
  return [...compileRules(endpoint(text), context({ settings, columns })).problems];
}

function summary(problems: readonly Problem[]): string[] {
  return problems.map(({ severity, rule }) => `${severity} ${rule}`);
}

const filter = (...fields: string[]): EndpointText => ({
  returns,
  output: [{ action: 'filter_fields', fields }],
});
const hash = (...fields: string[]): EndpointText => ({
  returns,
  parameters: { email: { type: 'string' } },
  output: [{ action: 'mask_fields', fields, mask: 'hash' }],
});

describe('field paths', () => {
  it.each([
    'name',
    'NAME',
    'address.street',
    'extra.anything',
    '*.street',
    '**.street',
    'address.*',
    '**.ssn',
  ])('%s names a declared field, or may name one in an undeclared object', (path) => {
    expect(problemsOf(filter(path))).toEqual([]);
  });

  it.each(['nmae', 'address.zip', 'name.first', 'street', 'address.*.x'])('%s names none', (path) => {
    expect(summary(problemsOf(filter(path)))).toEqual(['warning unknown-field']);
    expect(summary(problemsOf(filter(path), undefined, true))).toEqual(['error unknown-field']);
  });

  it('are offered what was meant', () => {
    expect(problemsOf(filter('nmae'))[0]?.remedy).toBe('Did you mean `name`?');
  });

  it('of site-wide rules need not exist everywhere', () => {
    const text = { returns, output: [{ action: 'filter_fields', fields: ['ssn'], site: true }] } as const;
    expect(problemsOf(text, undefined, true)).toEqual([]);
  });

  it.each(['', 'a..b', 'a[0]', 'a.**', '.a', 'a.', 'a*'])('"%s" is no field path', (path) => {
    expect(summary(problemsOf(filter(path)))).toContain('error field-path');
  });

  it('of rows without a declared type are looked up in the columns', () => {
    const columns = [
      { name: 'Salary', type: 'INTEGER' },
      { name: 'doc', type: 'JSON' },
    ];
    const pathsOf = (path: string) =>
      summary(problemsOf({ output: [{ action: 'filter_fields', fields: [path] }] }, columns));
    expect(pathsOf('salary')).toEqual([]);
    expect(pathsOf('doc.any.thing')).toEqual([]);
    expect(pathsOf('salary.x')).toEqual(['warning unknown-field']);
    expect(pathsOf('wages')).toEqual(['warning unknown-field']);
    expect(summary(problemsOf({ output: [{ action: 'filter_fields', fields: ['wages'] }] }))).toEqual([]);
  });
});

describe('an endpoint with rules about its output', () => {
  it('declares every column', () => {
    const columns = [
      { name: 'name', type: 'VARCHAR' },
      { name: 'ssn', type: 'VARCHAR' },
    ];
    expect(summary(problemsOf(filter('name'), columns))).toEqual(['warning undeclared-column']);
    expect(summary(problemsOf(filter('name'), columns, true))).toEqual(['error undeclared-column']);
    expect(problemsOf({ returns }, columns)).toEqual([]);
  });

  it('is warned about a second column of a name that a rule is about, which the rule does not reach', () => {
    const columns = ['ssn', 'SSN_1', 'name', 'name_1'].map((name) => ({ name, type: 'VARCHAR' }));
    const masking = (...fields: string[]) => ({ output: [{ action: 'mask_fields', fields }] }) as const;
    const problems = problemsOf(masking('ssn'), columns);
    expect(problems.map(({ message }) => message)).toEqual([
      'The result column `SSN_1` looks like a second `ssn`',
    ]);
    expect(summary(problemsOf(masking('**.ssn'), columns, true))).toEqual(['error duplicate-column']);
    expect(problemsOf(masking('ssn', 'ssn_1'), columns, true)).toEqual([]);
  });

  it('has something sensitive when a rule acts on it', () => {
    const text = (site: boolean) =>
      ({ returns, output: [{ action: 'mask_sensitive_fields', site }] }) as const;
    expect(summary(problemsOf(text(false)))).toEqual(['warning nothing-sensitive']);
    expect(problemsOf(text(true))).toEqual([]);
  });

  it('does not keep rows of what has no rows', () => {
    const text = {
      returns: { type: 'string' },
      output: [{ action: 'keep_rows', where: 'row.a == 1' }],
    } as const;
    expect(summary(problemsOf(text))).toEqual(['error policy-action']);
  });

  it('does not truncate what a condition reads as a whole', () => {
    const text = {
      onLimit: 'truncate',
      output: [{ condition: 'size(response) > 5', action: 'deny' }],
    } as const;
    expect(summary(problemsOf(text))).toEqual(['error truncated-response']);
  });
});

describe('`hash`', () => {
  it('is allowed where values are many', () => {
    expect(problemsOf(hash('name'))).toEqual([]);
  });

  it.each(['level', 'grade', '*', '**.level'])('is not allowed on %s', (path) => {
    expect(summary(problemsOf(hash(path)))).toEqual(['error hash-mask']);
  });

  it('is not allowed on a field that echoes an argument', () => {
    const text = { ...hash('email'), returns: { type: 'array', items: { type: 'object' } } } as const;
    expect(summary(problemsOf(text))).toEqual(['error hash-mask']);
  });

  it('is not allowed on columns of few values', () => {
    const text = { output: [{ action: 'mask_fields', fields: ['a'], mask: 'hash' }] } as const;
    expect(summary(problemsOf(text, [{ name: 'a', type: "ENUM('x', 'y')" }]))).toEqual(['error hash-mask']);
    expect(summary(problemsOf(text, [{ name: 'a', type: 'BOOLEAN' }]))).toEqual(['error hash-mask']);
    expect(problemsOf(text, [{ name: 'a', type: 'VARCHAR' }])).toEqual([]);
  });

  it('is not allowed as the declared mask of such a node, nor for sensitive ones of a rule', () => {
    const own = {
      returns: { type: 'object', properties: { a: { type: 'boolean', mask: 'hash' } } },
    } as const;
    const sensitive = {
      returns: { type: 'object', properties: { a: { type: 'integer', sensitive: true } } },
      output: [{ action: 'mask_sensitive_fields', mask: 'hash' }],
    } as const;
    expect(summary(problemsOf(own))).toEqual(['error hash-mask']);
    expect(summary(problemsOf(sensitive))).toEqual(['error hash-mask']);
  });
});

describe('an endpoint', () => {
  it('needs an enforced input rule where the site asks for one', () => {
    const settings = { ...context().settings, requireInputPolicy: true };
    const rules = (input: EndpointText['input']) =>
      compileRules(endpoint({ input: input ?? [] }), context({ settings })).problems;
    expect(summary(rules([]))).toEqual(['error no-input-policy']);
    expect(summary(rules([{ condition: 'true', mode: 'shadow' }]))).toEqual(['error no-input-policy']);
    expect(rules([{ condition: 'true' }])).toEqual([]);
  });

  it('is warned about parameters that conditions cannot name', () => {
    expect(summary(problemsOf({ parameters: { user: { type: 'string' }, x: { type: 'string' } } }))).toEqual([
      'warning reserved-name',
    ]);
  });

  it('of a site with several providers says whose id it compares', () => {
    const rules = (condition: string) =>
      compileRules(endpoint({ input: [{ condition }] }), context({ severalProviders: true })).problems;
    expect(summary(rules("user.user_id == 'ann'"))).toEqual(['error ambiguous-subject']);
    expect(summary(rules("user['username'].startsWith('svc')"))).toEqual(['error ambiguous-subject']);
    expect(rules("user.user_id == 'ann' && user.provider == 'github'")).toEqual([]);
    expect(rules("user.key == 'github|ann'")).toEqual([]);
    expect(rules('user.user_id != null && has(user.username)')).toEqual([]);
  });

  it('names only capabilities of the catalogue', () => {
    const catalogue = new Set(['orders.read']);
    const { problems, capabilities } = compileRules(
      endpoint({ input: [{ condition: "!('orders.pii' in user.capabilities)" }] }),
      context({ catalogue }),
    );
    expect(summary(problems)).toEqual(['error unknown-capability']);
    expect(capabilities).toEqual(['orders.pii']);
    const slip = endpoint({ input: [{ condition: "!('orders.raed' in user.capabilities)" }] });
    expect(compileRules(slip, context({ catalogue })).problems[0]?.remedy).toBe(
      'Did you mean `orders.read`?',
    );
  });

  it('reports all its problems at once', () => {
    const text = {
      input: [{ condition: 'amount > 5' }, { condition: 'user.x' }],
      output: [{ action: 'keep_rows', condition: '1', where: 'a' }],
    } as const;
    expect(problemsOf(text)).toHaveLength(4);
  });
});

describe('fields that conditions read', () => {
  const list = { returns } as const;
  const one = { returns: returns.items } as const;
  const keep = (where: string): EndpointText => ({ ...list, output: [{ action: 'keep_rows', where }] });
  const deny = (text: EndpointText, condition: string): EndpointText => ({
    ...text,
    output: [{ action: 'deny', condition }],
  });

  it.each([
    [keep("row.nmae == 'a'"), 'Did you mean `row.name`?'],
    [keep("row['nmae'] == 'a'"), 'Did you mean `row.name`?'],
    [keep("row.address.steet == 'a'"), 'Did you mean `row.address.street`?'],
    [keep("row.name.first == 'a'"), undefined],
    [deny(list, "response.name == 'a'"), 'Write `response.exists(item, item.name …)`, or use `keep_rows`'],
    [deny(list, "response.exists(r, r.nmae == 'a')"), 'Did you mean `r.name`?'],
    [deny(list, "response[0].nmae == 'a'"), 'Did you mean `response[0].name`?'],
    [deny(one, 'response.levle == 1'), 'Did you mean `response.level`?'],
  ])('are told when the result does not have them: %j', (text, remedy) => {
    const [problem, ...others] = problemsOf(text);
    expect([problem?.severity, problem?.rule, problem?.remedy]).toEqual(['warning', 'unknown-field', remedy]);
    expect(problem?.message).toContain('denies the call');
    expect(others).toEqual([]);
    expect(summary(problemsOf(text, undefined, true))).toEqual(['error unknown-field']);
  });

  it.each([
    keep("row.name == 'a' && row.address.street == 'b'"),
    keep("row.extra.anything == 'a'"),
    keep('has(row.nmae) || row.level == 1'),
    deny(list, "response.exists(r, r.name == 'a') || response.exists(row, row.level > 1)"),
    deny(one, 'response.level > 1'),
    deny({}, "response.exists(r, r.anything == 'a')"),
    { ...keep("row.nmae == 'a'"), output: [{ action: 'keep_rows', where: "row.nmae == 'a'", site: true }] },
  ] as const)('are fine when declared, open, asked for by has(), or of a rule of the site: %j', (text) => {
    expect(problemsOf(text, undefined, true)).toEqual([]);
  });

  it('are columns of the SQL where no return type is declared', () => {
    const columns = [
      { name: 'id', type: 'BIGINT' },
      { name: 'place', type: 'STRUCT(x INTEGER)' },
    ];
    const text = (where: string): EndpointText => ({ output: [{ action: 'keep_rows', where }] });
    expect(problemsOf(text('row.id == 1 && row.place.x == 1'), columns)).toEqual([]);
    expect(problemsOf(text('row.idd == 1'), columns)[0]?.remedy).toBe('Did you mean `row.id`?');
    expect(summary(problemsOf(deny({}, 'response.id == 1'), columns))).toEqual(['warning unknown-field']);
  });
});
