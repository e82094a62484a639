import type { KeyObject } from 'node:crypto';
import type { Json } from '../model/json.js';
import type { Mask, TypeNode } from '../model/type-node.js';
import { acceptsName, foldName, type FieldPattern } from './field-path.js';
import { maskFunction } from './mask.js';

/**
 * What one rule does to fields: to those that its patterns name, or to the declared sensitive ones. `index` identifies
 * the rule in counts.
 */
export interface FieldAction {
  readonly index: number;
  readonly kind: 'remove' | 'mask';
  /** Undefined: the mask of the declared node, or else `full`. */
  readonly mask?: Mask;
  readonly patterns: readonly FieldPattern[];
  readonly sensitive: boolean;
}

/** One thing to do to a value. */
export interface FieldStep {
  readonly index: number;
  /** Undefined: remove it. */
  readonly mask: Mask | undefined;
  readonly apply: (value: Json) => Json;
}

interface Position {
  readonly action: FieldAction;
  readonly pattern: FieldPattern;
  readonly next: number;
}

/** Fields of an object, each with its node. */
export interface FieldShape {
  readonly keys: readonly string[];
  readonly nodes: readonly (FieldNode | null)[];
}

/** What happens at one path of a result, and below it. */
export interface FieldNode {
  /** Names from the root, each as a JSON string: the scope of hashes. */
  readonly path: string;
  readonly steps: readonly FieldStep[];
  /** Done to each item, when the value is an array. */
  readonly itemSteps: readonly FieldStep[];
  /** The declared node at this path. */
  readonly declared: TypeNode | undefined;
  /** False: nothing happens below, whatever there is. */
  readonly live: boolean;
  readonly positions: readonly Position[];
  /** What happens to the fields of the object that was seen last: rows mostly have the same fields. */
  shape: FieldShape;
  /** Known children; null: nothing happens at this child or below it. */
  readonly children: Map<string, FieldNode | null>;
}

/** Key of hashes, and the scope that a field path has. */
export interface Hashing {
  readonly key: KeyObject;
  readonly scopeOf: (path: string) => string;
}

/** All that a set of rules does to the fields of results of one endpoint. */
export interface FieldTree {
  readonly root: FieldNode;
  readonly actions: readonly FieldAction[];
  readonly fold: boolean;
  readonly hashing: Hashing;
  /** How many more children may be remembered: keys of results are data and have no bound. */
  room: number;
}

const rememberedPaths = 10_000;
const rememberedFields = 500;
const noFields: FieldShape = { keys: [], nodes: [] };
const full: Mask = { kind: 'full' };

function advanceOver(position: Position): Position[] {
  const { pattern, next } = position;
  const following = { ...position, next: next + 1 };
  return pattern.segments[next]?.kind === 'deep' ? [position, ...advanceOver(following)] : [position];
}

function advance(position: Position, name: string, fold: boolean): Position[] {
  const segment = position.pattern.segments[position.next];
  if (!segment || !acceptsName(segment, name, fold)) return [];
  if (segment.kind === 'deep') return advanceOver(position);
  return advanceOver({ ...position, next: position.next + 1 });
}

/** The innermost items of a declared array, or the node itself. */
export function itemsOf(node: TypeNode | undefined): TypeNode | undefined {
  let inner = node;
  while (inner?.type === 'array') inner = inner.items;
  return inner;
}

function declaredChild(parent: TypeNode | undefined, name: string, fold: boolean): TypeNode | undefined {
  const properties = itemsOf(parent)?.properties ?? [];
  const exact = properties.find((property) => property.name === name);
  const wanted = foldName(name, fold);
  return (exact ?? properties.find((property) => foldName(property.name, fold) === wanted))?.node;
}

function hasSensitiveItems(node: TypeNode | undefined): boolean {
  if (node?.type !== 'array' || !node.items) return false;
  return node.items.sensitive === true || hasSensitiveItems(node.items);
}

/** True when a node below this one is sensitive. */
export function hasSensitiveBelow(node: TypeNode | undefined): boolean {
  if (!node) return false;
  const inner = [
    ...(node.properties ?? []).map((property) => property.node),
    ...(node.items ? [node.items] : []),
  ];
  return inner.some((child) => child.sensitive === true || hasSensitiveBelow(child));
}

function stepOf(
  tree: FieldTree,
  action: FieldAction,
  path: string,
  declared: TypeNode | undefined,
): FieldStep {
  const { index, kind } = action;
  if (kind === 'remove') return { index, mask: undefined, apply: () => null };
  const mask = action.mask ?? declared?.mask ?? full;
  const { key, scopeOf } = tree.hashing;
  return { index, mask, apply: maskFunction(mask, { key, scope: scopeOf(path) }) };
}

function isComplete({ pattern, next }: Position): boolean {
  return next === pattern.segments.length;
}

function actionsAt(
  tree: FieldTree,
  positions: readonly Position[],
  declared: TypeNode | undefined,
): FieldAction[] {
  const named = new Set(positions.filter((p) => isComplete(p) && !p.pattern.items).map((p) => p.action));
  const sensitive = (action: FieldAction): boolean =>
    action.sensitive &&
    (declared?.sensitive === true || (action.kind === 'remove' && hasSensitiveItems(declared)));
  return tree.actions.filter((action) => named.has(action) || sensitive(action));
}

function itemActionsAt(
  tree: FieldTree,
  positions: readonly Position[],
  declared: TypeNode | undefined,
): FieldAction[] {
  const named = new Set(positions.filter((p) => isComplete(p) && p.pattern.items).map((p) => p.action));
  const masksItems = (action: FieldAction): boolean =>
    action.sensitive && action.kind === 'mask' && hasSensitiveItems(declared);
  return tree.actions.filter((action) => named.has(action) || masksItems(action));
}

function createNode(
  tree: FieldTree,
  path: string,
  positions: readonly Position[],
  declared: TypeNode | undefined,
): FieldNode | null {
  const steps = actionsAt(tree, positions, declared).map((action) => stepOf(tree, action, path, declared));
  const items = itemsOf(declared);
  const itemSteps = itemActionsAt(tree, positions, declared).map((action) =>
    stepOf(tree, action, path, items),
  );
  const open = positions.filter((position) => !isComplete(position));
  const sensitive = tree.actions.some((action) => action.sensitive) && hasSensitiveBelow(declared);
  const live = open.length > 0 || sensitive;
  if (!live && steps.length === 0 && itemSteps.length === 0) return null;
  return { path, steps, itemSteps, declared, live, positions: open, shape: noFields, children: new Map() };
}

function discoverChild(tree: FieldTree, parent: FieldNode, name: string): FieldNode | null {
  const positions = parent.positions.flatMap((position) => advance(position, name, tree.fold));
  const path = `${parent.path}${JSON.stringify(foldName(name, tree.fold))}`;
  return createNode(tree, path, positions, declaredChild(parent.declared, name, tree.fold));
}

/** What happens at a field of an object that stands at `parent`; null: nothing, at any depth. */
export function childOf(tree: FieldTree, parent: FieldNode, name: string): FieldNode | null {
  const known = parent.children.get(name);
  if (known !== undefined) return known;
  const child = discoverChild(tree, parent, name);
  if (tree.room > 0) {
    tree.room--;
    parent.children.set(name, child);
  }
  return child;
}

function isShape(shape: FieldShape, keys: readonly string[]): boolean {
  if (shape.keys.length !== keys.length) return false;
  for (let i = 0; i < keys.length; i++) if (keys[i] !== shape.keys[i]) return false;
  return true;
}

/** What happens to the fields of an object with these keys that stands at `parent`. */
export function shapeOf(tree: FieldTree, parent: FieldNode, keys: readonly string[]): FieldShape {
  if (isShape(parent.shape, keys)) return parent.shape;
  const shape = { keys, nodes: keys.map((key) => childOf(tree, parent, key)) };
  if (keys.length <= rememberedFields) parent.shape = shape;
  return shape;
}

/** Prepares a set of actions for the results of an endpoint. Paths are worked out as they appear and remembered. */
export function createFieldTree(
  actions: readonly FieldAction[],
  returns: TypeNode | undefined,
  fold: boolean,
  hashing: Hashing,
): FieldTree {
  const positions = actions.flatMap((action) =>
    action.patterns.flatMap((pattern) => advanceOver({ action, pattern, next: 0 })),
  );
  const root: FieldNode = {
    path: '',
    steps: [],
    itemSteps: [],
    declared: returns,
    live: actions.length > 0,
    positions,
    shape: noFields,
    children: new Map(),
  };
  return { root, actions, fold, hashing, room: rememberedPaths };
}
