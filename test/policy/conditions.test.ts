import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/model/json.js';
import { typeOfNode } from '../../src/policy/cel/cel-type.js';
import { compileCondition } from '../../src/policy/cel/compile-condition.js';
import { createFrame } from '../../src/policy/cel/frame.js';
import { evaluate } from '../../src/policy/evaluate.js';
import { argumentsOf, readCases, source, subject, typeNode, type NodeText, type UserText } from './build.js';

interface ConditionCase {
  readonly if: string;
  readonly args?: Readonly<Record<string, Json>>;
  readonly user?: UserText;
  readonly response?: Json;
  readonly row?: Json;
  readonly gives: boolean | string;
}

const { parameters, cases } = readCases('conditions') as {
  readonly parameters: Readonly<Record<string, NodeText>>;
  readonly cases: readonly ConditionCase[];
};

const types = new Map(Object.entries(parameters).map(([name, node]) => [name, typeOfNode(typeNode(node))]));

function giveOf(item: ConditionCase): boolean | string {
  const condition = compileCondition(source(item.if), 'row', types);
  const frame = createFrame(subject(item.user), argumentsOf(item.args), item.response ?? null);
  frame.row = item.row ?? null;
  const verdict = evaluate(condition, frame);
  return verdict.matched === 'not-evaluable' ? verdict.error : verdict.matched;
}

describe('a condition', () => {
  it.each(cases.map((item) => [`${item.if} → ${item.gives}`, item] as const))('%s', (_, item) => {
    expect(giveOf(item)).toBe(item.gives);
  });

  it('never quotes a value in its error', () => {
    const texts = cases.map(giveOf).filter((give) => typeof give === 'string');
    expect(texts.length).toBeGreaterThan(40);
    expect(texts.filter((text) => /9223372036854775808|ann|yes|abcd/.test(text))).toEqual([]);
  });
});
