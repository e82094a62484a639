import type { ASTNode } from '@marcbachmann/cel-js';
import { bool, describeType, dyn, dynamic, string, type CelType } from './cel-type.js';
import { spend, type Frame } from './frame.js';
import { compileBoolean } from './logic.js';
import { fail } from './not-evaluable.js';
import { refuse, type Compiled, type Local, type Scope } from './scope.js';
import { isList, isMap, kindOf, type Value } from './value.js';

type Predicate = (frame: Frame) => boolean;

interface Iteration {
  readonly node: ASTNode;
  readonly slot: number;
  readonly items: (frame: Frame) => readonly Value[];
}

function elements(value: Value, node: ASTNode): readonly Value[] {
  if (isList(value)) return value;
  return isMap(value) ? Object.keys(value) : fail(node, `a macro over ${kindOf(value)}`);
}

function* visit(iteration: Iteration, frame: Frame): Generator<Value, void> {
  for (const item of iteration.items(frame)) {
    spend(frame, 1, iteration.node);
    frame.locals[iteration.slot] = item;
    yield item;
  }
}

function count(iteration: Iteration, frame: Frame, holds: Predicate, enough: number): number {
  let found = 0;
  for (const item of iteration.items(frame)) {
    spend(frame, 1, iteration.node);
    frame.locals[iteration.slot] = item;
    if (holds(frame) && ++found === enough) return found;
  }
  return found;
}

function quantifier(name: string, iteration: Iteration, holds: Predicate): (frame: Frame) => Value {
  switch (name) {
    case 'exists':
      return (frame) => count(iteration, frame, holds, 1) === 1;
    case 'all':
      return (frame) => count(iteration, frame, (inner) => !holds(inner), 1) === 0;
    default:
      return (frame) => count(iteration, frame, holds, Infinity) === 1;
  }
}

function select(iteration: Iteration, holds: Predicate, of: (frame: Frame, item: Value) => Value) {
  return (frame: Frame): Value => {
    const selected: Value[] = [];
    for (const item of visit(iteration, frame)) if (holds(frame)) selected.push(of(frame, item));
    return selected;
  };
}

function elementType(node: ASTNode, range: CelType): CelType {
  if (range.kind === 'dyn') return dynamic(range.declared?.item);
  if (range.kind === 'map') return string;
  if (range.kind !== 'list') refuse(node, `a macro over ${describeType(range)}`);
  return range.item ?? dyn;
}

function innerScope(node: ASTNode, range: CelType, name: string, scope: Scope): Scope {
  const bounded = range.size !== undefined;
  if (!bounded && scope.unbounded) {
    refuse(
      node,
      'a macro inside a macro, both over lists without a bound known at load',
      'Give one of the lists a `maxItems`, or write its values out',
    );
  }
  const local: Local = { name, slot: scope.locals.length, type: elementType(node, range) };
  return { ...scope, locals: [...scope.locals, local], unbounded: scope.unbounded || !bounded };
}

function variableName(node: ASTNode, variable: ASTNode | undefined): string {
  return variable?.op === 'id' ? variable.args : refuse(node, 'a macro needs the name of its variable first');
}

const arities = new Map([
  ['all', [2]],
  ['exists', [2]],
  ['exists_one', [2]],
  ['filter', [2]],
  ['map', [2, 3]],
]);

/** True for the name of a macro over lists and maps. */
export function isMacro(name: string): boolean {
  return arities.has(name);
}

/**
 * Compiles `list.all(x, p)`, `exists`, `exists_one`, `filter` and `map`. Elements are visited in order, `all` and
 * `exists` stop where they are decided, and an element whose predicate is not evaluable ends the evaluation: unlike
 * standard CEL, a later element never absorbs it.
 */
export function compileMacro(
  node: ASTNode,
  name: string,
  receiver: ASTNode,
  args: readonly ASTNode[],
  scope: Scope,
): Compiled {
  const last = args.at(-1);
  if (!last || !arities.get(name)?.includes(args.length))
    refuse(node, `\`${name}\` with ${args.length} arguments`);
  const range = scope.compile(receiver, scope);
  const inner = innerScope(node, range.type, variableName(node, args[0]), scope);
  const iteration: Iteration = {
    node,
    slot: scope.locals.length,
    items: (frame) => elements(range.run(frame), node),
  };
  const size = range.type.size === undefined ? {} : { size: range.type.size };
  if (name === 'map') return compileTransform(node, iteration, args, inner, size);
  const holds = compileBoolean(last, inner, `the predicate of \`${name}\``);
  if (name !== 'filter') return { node, type: bool, run: quantifier(name, iteration, holds) };
  const item = elementType(node, range.type);
  return { node, type: { kind: 'list', item, ...size }, run: select(iteration, holds, (_, value) => value) };
}

function compileTransform(
  node: ASTNode,
  iteration: Iteration,
  args: readonly ASTNode[],
  inner: Scope,
  size: { readonly size?: number },
): Compiled {
  const [, second, third] = args;
  if (!second) return refuse(node, '`map` needs an expression');
  const holds: Predicate = third ? compileBoolean(second, inner, 'the filter of `map`') : () => true;
  const transform = inner.compile(third ?? second, inner);
  const run = select(iteration, holds, (frame) => transform.run(frame));
  return { node, type: { kind: 'list', item: transform.type, ...size }, run };
}
