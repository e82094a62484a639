import { bareObject } from '../lib/bare-object.js';
import { isObject } from '../lib/is-object.js';
import type { Json, JsonObject } from '../model/json.js';
import { shapeOf, type FieldNode, type FieldStep, type FieldTree } from './field-tree.js';
import { NotEvaluable } from './cel/not-evaluable.js';

const maxDepth = 500;

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

class Transformation {
  readonly tree: FieldTree;
  /** Values removed or masked, by rule index. */
  readonly changed: number[];

  constructor(tree: FieldTree, changed: number[]) {
    this.tree = tree;
    this.changed = changed;
  }

  /** Does the steps to one value; undefined: it is removed. */
  step(value: Json, steps: readonly FieldStep[]): Json | undefined {
    let current = value;
    for (const { index, mask, apply } of steps) {
      this.changed[index] = (this.changed[index] ?? 0) + 1;
      if (mask === undefined) return undefined;
      current = apply(current);
    }
    return current;
  }

  below(value: Json, node: FieldNode, depth: number): Json {
    if (typeof value !== 'object' || value === null) return value;
    if (depth > maxDepth) throw new NotEvaluable('the result is nested too deeply');
    if (isArray(value)) return this.items(value, node, depth);
    return isObject(value) && node.live ? this.fields(value, node, depth) : value;
  }

  items(array: readonly Json[], node: FieldNode, depth: number): Json {
    const copy: Json[] = [];
    for (const item of array) {
      if (node.itemSteps.length === 0) copy.push(this.below(item, node, depth + 1));
      else this.item(copy, item, node);
    }
    return copy;
  }

  item(copy: Json[], item: Json, node: FieldNode): void {
    const kept = this.step(item, node.itemSteps);
    if (kept !== undefined) copy.push(kept);
  }

  fields(object: JsonObject, parent: FieldNode, depth: number): JsonObject {
    const copy = bareObject<Json>();
    const { keys, nodes } = shapeOf(this.tree, parent, Object.keys(object));
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] ?? '';
      const value = object[key] ?? null;
      const node = nodes[i] ?? null;
      const kept = node === null ? value : this.field(value, node, depth);
      if (kept !== undefined) copy[key] = kept;
    }
    return copy;
  }

  field(value: Json, node: FieldNode, depth: number): Json | undefined {
    if (node.steps.length > 0) return this.step(value, node.steps);
    if (node.itemSteps.length > 0 && !isArray(value)) return this.step(value, node.itemSteps);
    return this.below(value, node, depth + 1);
  }
}

/**
 * The value with fields removed and masked, in one pass. Copies what changes and what lies above it, shares the rest,
 * and changes nothing in place. Adds to `changed`, by rule index. Throws `NotEvaluable` for a value that is nested more
 * than 500 levels deep.
 */
export function transformFields(value: Json, tree: FieldTree, changed: number[]): Json {
  if (!tree.root.live) return value;
  return new Transformation(tree, changed).below(value, tree.root, 0);
}
