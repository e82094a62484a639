import type { ReleaseEffects } from '../model/effects.js';
import type { Mask, TypeNode } from '../model/type-node.js';
import {
  childOf,
  createFieldTree,
  itemsOf,
  type FieldNode,
  type FieldStep,
  type FieldTree,
} from './field-tree.js';
import type { OutputPlan } from './release.js';

interface Collected {
  readonly removable: Set<TypeNode>;
  readonly masked: Map<TypeNode, Mask[]>;
}

function noteSteps(steps: readonly FieldStep[], node: TypeNode, collected: Collected): void {
  for (const { mask } of steps) {
    if (mask === undefined) collected.removable.add(node);
    else collected.masked.set(node, [...(collected.masked.get(node) ?? []), mask]);
  }
}

function noteBelow(node: FieldNode, declared: TypeNode, tree: FieldTree, collected: Collected): void {
  for (const property of itemsOf(declared)?.properties ?? []) {
    const child = childOf(tree, node, property.name);
    if (!child) continue;
    noteSteps(child.steps, property.node, collected);
    const items = itemsOf(property.node);
    if (items && items !== property.node) noteSteps(child.itemSteps, items, collected);
    noteBelow(child, property.node, tree, collected);
  }
}

/** What the enforced output rules could ever do to the declared return type, whatever their conditions say. */
export function effectsOf(plan: OutputPlan, returns: TypeNode): ReleaseEffects {
  const enforced = plan.rules.filter(({ rule, whole }) => rule.mode === 'enforce' && !whole);
  const collected: Collected = { removable: new Set(), masked: new Map() };
  const actions = enforced.flatMap(({ fields }) => (fields ? [fields] : []));
  const tree = createFieldTree(actions, returns, plan.fold, plan.hashing);
  noteBelow(tree.root, returns, tree, collected);
  return { ...collected, rowsDroppable: enforced.some(({ rows }) => rows !== undefined) };
}
