import type { Json, JsonObject } from '../model/json.js';
import { childOf, type FieldNode, type FieldStep, type FieldTree } from './field-tree.js';
import { applyMask } from './mask.js';
import { NotEvaluable } from './cel/not-evaluable.js';

const maxDepth = 500;

/** What a transformation needs besides the tree. `changed` counts by rule index. */
export interface TransformContext {
  readonly hashKey: string | Uint8Array;
  /** Scope of hashes of a field path. */
  readonly hashScope: (path: string) => string;
  readonly changed: number[];
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Does the steps to one value; undefined: it is removed. */
function applySteps(
  value: Json,
  steps: readonly FieldStep[],
  path: string,
  context: TransformContext,
): Json | undefined {
  let current = value;
  for (const { index, mask } of steps) {
    context.changed[index] = (context.changed[index] ?? 0) + 1;
    if (mask === undefined) return undefined;
    current = applyMask(mask, current, { key: context.hashKey, scope: context.hashScope(path) });
  }
  return current;
}

class Transformation {
  readonly tree: FieldTree;
  readonly context: TransformContext;

  constructor(tree: FieldTree, context: TransformContext) {
    this.tree = tree;
    this.context = context;
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
    const kept = applySteps(item, node.itemSteps, node.path, this.context);
    if (kept !== undefined) copy.push(kept);
  }

  fields(object: JsonObject, parent: FieldNode, depth: number): JsonObject {
    const copy = Object.create(null) as Record<string, Json>;
    for (const key of Object.keys(object)) {
      const value = object[key] ?? null;
      const node = childOf(this.tree, parent, key);
      const kept = node === null ? value : this.field(value, node, depth);
      if (kept !== undefined) copy[key] = kept;
    }
    return copy;
  }

  field(value: Json, node: FieldNode, depth: number): Json | undefined {
    if (node.steps.length > 0) return applySteps(value, node.steps, node.path, this.context);
    if (node.itemSteps.length > 0 && !isArray(value)) {
      return applySteps(value, node.itemSteps, node.path, this.context);
    }
    return this.below(value, node, depth + 1);
  }
}

/**
 * The value with fields removed and masked, in one pass. Copies what changes and what lies above it, shares the rest,
 * and changes nothing in place. Throws `NotEvaluable` for a value that is nested more than 500 levels deep.
 */
export function transformFields(value: Json, tree: FieldTree, context: TransformContext): Json {
  if (!tree.root.live) return value;
  return new Transformation(tree, context).below(value, tree.root, 0);
}
