import { describe, expect, it } from 'vitest';
import type { TypeNode } from '../../src/model/type-node.js';
import { itemsOf } from '../../src/policy/field-tree.js';
import { compileRules } from '../../src/policy/compile-rules.js';
import { context, endpoint, type EndpointText } from './build.js';

const returns = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      name: { type: 'string' },
      email: { type: 'string', mask: 'email' },
      ssn: { type: 'string', sensitive: true },
      tags: { type: 'array', items: { type: 'string', sensitive: true } },
      lines: { type: 'array', items: { type: 'object', properties: { card: { type: 'string' } } } },
    },
  },
} as const;

/** The name of every node that is in the effects. */
function effectsOf(output: EndpointText['output']) {
  const tool = endpoint({ returns, output: output ?? [] });
  const { rules } = compileRules(tool, context());
  const declared = tool.kind === 'tool' ? tool.returns : undefined;
  if (!rules || !declared) throw new Error('does not load');
  const { removable, masked, rowsDroppable } = rules.effects(declared);
  const names = new Map<TypeNode, string>();
  for (const { name, node } of itemsOf(declared)?.properties ?? []) {
    names.set(node, name);
    if (node.items) names.set(node.items, `${name}[]`);
    for (const inner of itemsOf(node)?.properties ?? []) names.set(inner.node, `${name}.${inner.name}`);
  }
  const named = (node: TypeNode) => names.get(node) ?? 'unknown';
  return {
    removable: [...removable].map(named),
    masked: [...masked].map(([node, masks]) => `${named(node)} ${masks.map(({ kind }) => kind).join()}`),
    rowsDroppable,
  };
}

describe('the effects of output rules', () => {
  it('are nothing without rules, and without enforced ones', () => {
    const nothing = { removable: [], masked: [], rowsDroppable: false };
    expect(effectsOf([])).toEqual(nothing);
    expect(effectsOf([{ action: 'filter_fields', fields: ['name'], mode: 'shadow' }])).toEqual(nothing);
    expect(effectsOf([{ action: 'deny', condition: 'false' }])).toEqual(nothing);
    expect(effectsOf([{ action: 'filter_fields', fields: ['*'] }])).toEqual(nothing);
  });

  it('are every field that could be removed, for any caller', () => {
    expect(
      effectsOf([
        { action: 'filter_fields', fields: ['name', 'lines[].card'], condition: "user.role == 'x'" },
        { action: 'filter_sensitive_fields' },
      ]).removable,
    ).toEqual(['name', 'ssn', 'tags', 'lines.card']);
  });

  it('are every mask that could apply, of the rule or of the node', () => {
    expect(
      effectsOf([
        { action: 'mask_fields', fields: ['email', 'LINES'] },
        { action: 'mask_fields', fields: ['**.email', 'lines.card'], mask: null },
        { action: 'mask_sensitive_fields' },
      ]).masked,
    ).toEqual(['email email,null', 'ssn full', 'tags[] full', 'lines full', 'lines.card null']);
  });

  it('are dropped rows', () => {
    expect(effectsOf([{ action: 'keep_rows', where: 'row.a == 1' }]).rowsDroppable).toBe(true);
  });
});
