import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { compilePrompt } from '../../src/execute/prompt.js';
import type { JsonObject } from '../../src/model/json.js';
import type { Parameter } from '../../src/model/type-node.js';
import { parameter, sql } from './site.js';

const parameters: Parameter[] = [
  parameter('name', { type: 'string' }),
  parameter('items', { type: 'array', items: { type: 'string', origin: { file: 'x', line: 1, column: 1 } } }),
  parameter('count', { type: 'integer' }),
  parameter('range', { type: 'string' }),
  parameter('data', { type: 'object' }),
];

function compile(template: string) {
  return compilePrompt([{ role: 'user', template: sql(template) }], parameters);
}

function render(template: string, args: JsonObject = {}): string {
  const { problems, render: run } = compile(template);
  expect(problems).toEqual([]);
  return run(args)[0]?.text ?? '';
}

interface Cases {
  readonly renders: readonly { template: string; args: JsonObject; text: string }[];
  readonly refused: readonly { template: string; rule: string; at: string; says?: string }[];
  readonly reaching: readonly string[];
  readonly endless: readonly string[];
}

const cases = parse(readFileSync(new URL('cases/prompts.yml', import.meta.url), 'utf8')) as Cases;

describe('a prompt template', () => {
  it.each(cases.renders)('renders $template', ({ template, args, text }) => {
    expect(render(template, args)).toBe(text);
  });

  it.each(cases.refused)(
    'is refused at load with its place: $template',
    ({ template, rule, at, says = '' }) => {
      const { problems } = compile(template);
      expect(
        problems.map((problem) => `${problem.rule} ${problem.origin.line}:${problem.origin.column}`),
      ).toEqual([`${rule} ${at}`]);
      expect(problems[0]?.excerpt).toContain('^');
      expect(problems[0]?.message).toContain(says);
    },
  );

  it.each(cases.reaching)('reaches no prototype, constructor or function: %s', (template) => {
    const { problems, render: run } = compile(template);
    if (problems.length > 0) return;
    let text: string;
    try {
      text = run({ name: 'n', items: ['a'], count: 1, data: { a: 1 } })[0]?.text ?? '';
    } catch (error) {
      expect(error).toMatchObject({ code: 'EXECUTE_FAILED' });
      return;
    }
    expect(text).not.toMatch(/function|native|Object|process|=>|root:/i);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each(cases.endless)('stops at its bounds: %s', (template) => {
    const many = Array.from({ length: 9000 }, String);
    const started = performance.now();
    const run = compile(template).render;
    expect(() =>
      run({
        name: 'x'.repeat(1000),
        items: many,
        count: 900_000_000,
        data: Object.fromEntries(many.entries()),
      }),
    ).toThrow(expect.objectContaining({ code: 'EXECUTE_FAILED' }) as Error);
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('renders a text as large as there may be', () => {
    const run = compile(
      '{% if count %}{% for each in items %}{{ name | upper }}{% endfor %}{% endif %}',
    ).render;
    const rendered = run({ name: 'x'.repeat(1_000_000), items: ['a'], count: 1 });
    expect(rendered[0]?.text.length).toBe(1_000_000);
  });

  it('never says a value in its error', () => {
    const run = compile('{{ name + data }}').render;
    expect(() => run({ name: 'secret-value', data: null })).toThrow(/^A prompt template failed$/);
  });

  it('keeps the roles and the order of the messages', () => {
    const { render: run } = compilePrompt(
      [
        { role: 'system', template: sql('You help {{ name }}.') },
        { role: 'user', template: sql('Hi') },
      ],
      parameters,
    );
    expect(run({ name: 'Ada' })).toEqual([
      { role: 'system', text: 'You help Ada.' },
      { role: 'user', text: 'Hi' },
    ]);
  });
});
