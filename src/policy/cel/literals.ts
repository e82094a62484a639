import type { ASTNode } from '@marcbachmann/cel-js';
import { bool, double, dyn, int, string, unify, type CelType } from './cel-type.js';
import type { Frame } from './frame.js';
import { fail } from './not-evaluable.js';
import { refuse, type Compiled, type Scope } from './scope.js';
import { kindOf, type Value } from './value.js';

type Literal = Extract<ASTNode, { op: 'value' }>['args'];

function literalOf(node: ASTNode, value: Value, type: CelType): Compiled {
  return { node, type, run: () => value, literal: { value } };
}

function integerLiteral(node: ASTNode, integer: bigint): Compiled {
  const value = Number(integer);
  if (!Number.isSafeInteger(value)) {
    refuse(
      node,
      'an integer outside ±(2^53-1)',
      `Such integers are strings of digits here: compare with '${integer}'`,
    );
  }
  return literalOf(node, value, int);
}

/** Compiles a literal. Bytes do not exist here: a BLOB is a base64 string. */
export function compileLiteral(node: ASTNode, value: Literal): Compiled {
  if (value === null) return literalOf(node, null, { kind: 'null' });
  switch (typeof value) {
    case 'string':
      return literalOf(node, value, { ...string, literals: [value] });
    case 'boolean':
      return literalOf(node, value, bool);
    case 'number':
      return Number.isFinite(value) ? literalOf(node, value, double) : refuse(node, 'a number out of range');
    case 'bigint':
      return integerLiteral(node, value);
    default:
      if (value instanceof Uint8Array)
        refuse(node, 'bytes are not supported', 'A BLOB is a base64 string here');
      return integerLiteral(node, BigInt(value.toString()));
  }
}

function listTypeOf(items: readonly Compiled[]): CelType {
  const types = items.map((item) => item.type);
  const [first = dyn] = types;
  const literals = types.flatMap((type) => type.literals ?? []);
  const unified = types.reduce(unify, first);
  const item = literals.length === items.length ? { ...unified, literals } : unified;
  return { kind: 'list', item, size: items.length };
}

/** Compiles `[a, b]`. A list of literals is built once. */
export function compileList(node: ASTNode, args: readonly ASTNode[], scope: Scope): Compiled {
  const items = args.map((arg) => scope.compile(arg, scope));
  const type = listTypeOf(items);
  const literals = items.flatMap((item) => (item.literal ? [item.literal.value] : []));
  if (literals.length === items.length) return { node, type, run: () => literals };
  return { node, type, run: (frame) => items.map((item) => item.run(frame)) };
}

function mapValue(entries: readonly (readonly [Compiled, Compiled])[], frame: Frame, node: ASTNode): Value {
  const map = Object.create(null) as Record<string, Value>;
  for (const [keyOf, valueOf] of entries) {
    const key = keyOf.run(frame);
    if (typeof key !== 'string') return fail(node, `a map key is ${kindOf(key)}, not string`);
    map[key] = valueOf.run(frame);
  }
  return map;
}

/** Compiles `{'a': b}`. Keys are strings. */
export function compileMap(
  node: ASTNode,
  args: readonly (readonly [ASTNode, ASTNode])[],
  scope: Scope,
): Compiled {
  const entries = args.map(
    ([key, value]) => [scope.compile(key, scope), scope.compile(value, scope)] as const,
  );
  const type: CelType = { kind: 'map', item: dyn, size: entries.length };
  return { node, type, run: (frame) => mapValue(entries, frame, node) };
}
