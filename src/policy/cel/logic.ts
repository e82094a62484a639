import type { ASTNode } from '@marcbachmann/cel-js';
import { bool, describeType, unify } from './cel-type.js';
import type { Frame } from './frame.js';
import { fail } from './not-evaluable.js';
import { refuse, textOf, type Compiled, type Scope } from './scope.js';
import { kindOf, type Value } from './value.js';

/** How a value that is no boolean would be asked about. */
function correctedBoolean(operand: Compiled): string | undefined {
  const text = textOf(operand.node);
  switch (operand.type.kind) {
    case 'string':
      return operand.type.nullable ? `Write \`${text} != null\`` : `Write \`${text} != ''\``;
    case 'int':
    case 'double':
      return `Write \`${text} != 0\``;
    case 'list':
    case 'map':
      return `Write \`size(${text}) > 0\``;
    default:
      return undefined;
  }
}

/** Compiles an expression that must be a boolean; a value that is none is not evaluable. */
export function compileBoolean(arg: ASTNode, scope: Scope, role: string): (frame: Frame) => boolean {
  const operand = scope.compile(arg, scope);
  if (operand.type.kind !== 'bool' && operand.type.kind !== 'dyn') {
    refuse(arg, `${role} is ${describeType(operand.type)}, not bool`, correctedBoolean(operand));
  }
  return (frame) => {
    const value = operand.run(frame);
    return typeof value === 'boolean' ? value : fail(arg, `${role} is ${kindOf(value)}, not bool`);
  };
}

/**
 * Compiles `&&` and `||`: from left to right, the right side only when the left one does not decide. Unlike standard
 * CEL, an error on the evaluated side is never absorbed by the other side: `error && false` would be a quiet `false`
 * that lets a deny rule pass, `error || true` a quiet `true` that keeps a row.
 */
export function compileLogic(
  node: ASTNode,
  args: readonly [ASTNode, ASTNode],
  and: boolean,
  scope: Scope,
): Compiled {
  const role = `a side of \`${and ? '&&' : '||'}\``;
  const left = compileBoolean(args[0], scope, role);
  const right = compileBoolean(args[1], scope, role);
  const run = and
    ? (frame: Frame): Value => left(frame) && right(frame)
    : (frame: Frame): Value => left(frame) || right(frame);
  return { node, type: bool, run };
}

/** Compiles `!`. */
export function compileNot(node: ASTNode, arg: ASTNode, scope: Scope): Compiled {
  const operand = compileBoolean(arg, scope, 'the operand of `!`');
  return { node, type: bool, run: (frame) => !operand(frame) };
}

/** Compiles `condition ? a : b`. */
export function compileTernary(
  node: ASTNode,
  args: readonly [ASTNode, ASTNode, ASTNode],
  scope: Scope,
): Compiled {
  const condition = compileBoolean(args[0], scope, 'the condition of `?:`');
  const yes = scope.compile(args[1], scope);
  const no = scope.compile(args[2], scope);
  const run = (frame: Frame): Value => (condition(frame) ? yes.run(frame) : no.run(frame));
  return { node, type: unify(yes.type, no.type), run };
}
