import type { ASTNode } from '@marcbachmann/cel-js';
import {
  bool,
  describeType,
  double,
  duration,
  dyn,
  int,
  isNumeric,
  string,
  timestamp,
  type CelType,
} from './cel-type.js';
import { correctedComparison } from './equality.js';
import { spend, spendText, type Frame } from './frame.js';
import { fail } from './not-evaluable.js';
import { refuse, type Compiled, type Scope } from './scope.js';
import { createInstant, createSpan, isInstant, isList, isSpan, kindOf, type Value } from './value.js';

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';
export type OrderOperator = '<' | '<=' | '>' | '>=';

/** A number that arithmetic gave: not evaluable when it is not finite, or an integer that lost digits. */
function exact(result: number, a: number, b: number, node: ASTNode): number {
  if (!Number.isFinite(result)) return fail(node, 'overflow');
  const overflows =
    Number.isSafeInteger(a) && Number.isSafeInteger(b) && Math.abs(result) > Number.MAX_SAFE_INTEGER;
  return overflows ? fail(node, 'integer overflow') : result;
}

function remainder(a: number, b: number, node: ASTNode): number {
  if (b === 0) return fail(node, 'division by zero');
  if (!Number.isSafeInteger(a) || !Number.isSafeInteger(b))
    return fail(node, '`%` of a number that is no integer');
  return a % b;
}

function divide(a: number, b: number, truncate: boolean, node: ASTNode): number {
  if (b === 0) return fail(node, 'division by zero');
  const quotient = exact(a / b, 1, 1, node);
  return truncate ? Math.trunc(quotient) : quotient;
}

function calculate(
  operator: ArithmeticOperator,
  a: number,
  b: number,
  integers: boolean,
  node: ASTNode,
): number {
  switch (operator) {
    case '+':
      return exact(a + b, a, b, node);
    case '-':
      return exact(a - b, a, b, node);
    case '*':
      return exact(a * b, a, b, node);
    case '/':
      return divide(a, b, integers, node);
    case '%':
      return remainder(a, b, node);
  }
}

function sum(a: Value, b: Value, frame: Frame, node: ASTNode): Value | undefined {
  if (typeof a === 'string' && typeof b === 'string') {
    spendText(frame, a, node);
    spendText(frame, b, node);
    return a + b;
  }
  if (isList(a) && isList(b)) {
    spend(frame, a.length + b.length, node);
    return [...a, ...b];
  }
  if (isInstant(a) && isSpan(b)) return createInstant(a.micros + b.micros);
  if (isSpan(a) && isInstant(b)) return createInstant(a.micros + b.micros);
  return isSpan(a) && isSpan(b) ? createSpan(a.micros + b.micros) : undefined;
}

function difference(a: Value, b: Value): Value | undefined {
  if (isInstant(a) && isInstant(b)) return createSpan(a.micros - b.micros);
  if (isInstant(a) && isSpan(b)) return createInstant(a.micros - b.micros);
  return isSpan(a) && isSpan(b) ? createSpan(a.micros - b.micros) : undefined;
}

const timeResults = new Map<string, CelType>([
  ['timestamp + duration', timestamp],
  ['duration + timestamp', timestamp],
  ['duration + duration', duration],
  ['timestamp - timestamp', duration],
  ['timestamp - duration', timestamp],
  ['duration - duration', duration],
]);

function resultType(operator: ArithmeticOperator, a: CelType, b: CelType): CelType | undefined {
  if (isNumeric(a) && isNumeric(b)) return a.kind === 'int' && b.kind === 'int' ? int : double;
  if (a.kind === 'dyn' || b.kind === 'dyn') return dyn;
  if (operator === '+' && a.kind === 'string' && b.kind === 'string') return string;
  if (operator === '+' && a.kind === 'list' && b.kind === 'list') return { kind: 'list', item: dyn };
  return timeResults.get(`${a.kind} ${operator} ${b.kind}`);
}

/** Compiles `+ - * / %`. Numbers calculate by value; the quotient of two declared integers is truncated. */
export function compileArithmetic(
  node: ASTNode,
  operator: ArithmeticOperator,
  args: readonly [ASTNode, ASTNode],
  scope: Scope,
): Compiled {
  const left = scope.compile(args[0], scope);
  const right = scope.compile(args[1], scope);
  const type = resultType(operator, left.type, right.type);
  if (!type) refuse(node, `\`${operator}\` meets ${describeType(left.type)} and ${describeType(right.type)}`);
  const integers = left.type.kind === 'int' && right.type.kind === 'int';
  const run = (frame: Frame): Value => {
    const a = left.run(frame);
    const b = right.run(frame);
    if (typeof a === 'number' && typeof b === 'number') return calculate(operator, a, b, integers, node);
    const other = operator === '+' ? sum(a, b, frame, node) : operator === '-' ? difference(a, b) : undefined;
    return other ?? fail(node, `\`${operator}\` of ${kindOf(a)} and ${kindOf(b)}`);
  };
  return { node, type, run };
}

function order(a: Value, b: Value, node: ASTNode): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  if (isInstant(a) && isInstant(b)) return Number(a.micros - b.micros);
  if (isSpan(a) && isSpan(b)) return Number(a.micros - b.micros);
  return fail(node, `comparison of ${kindOf(a)} with ${kindOf(b)}`);
}

const holds: Record<OrderOperator, (order: number) => boolean> = {
  '<': (difference) => difference < 0,
  '<=': (difference) => difference <= 0,
  '>': (difference) => difference > 0,
  '>=': (difference) => difference >= 0,
};

function ordered(a: CelType, b: CelType): boolean {
  if (isNumeric(a) && isNumeric(b)) return true;
  if (a.kind === 'dyn' || b.kind === 'dyn') return true;
  return a.kind === b.kind && ['string', 'timestamp', 'duration'].includes(a.kind);
}

/** Compiles `< <= > >=` of numbers, strings, timestamps and durations. */
export function compileOrder(
  node: ASTNode,
  operator: OrderOperator,
  args: readonly [ASTNode, ASTNode],
  scope: Scope,
): Compiled {
  const left = scope.compile(args[0], scope);
  const right = scope.compile(args[1], scope);
  if (!ordered(left.type, right.type)) {
    const types = `${describeType(left.type)} with ${describeType(right.type)}`;
    refuse(node, `\`${operator}\` compares ${types}`, correctedComparison(left, operator, right));
  }
  const test = holds[operator];
  const run = (frame: Frame): Value => {
    const a = left.run(frame);
    const b = right.run(frame);
    if (typeof a === 'string') spendText(frame, a, node);
    return test(order(a, b, node));
  };
  return { node, type: bool, run };
}

/** Compiles unary minus. */
export function compileNegation(node: ASTNode, arg: ASTNode, scope: Scope): Compiled {
  const operand = scope.compile(arg, scope);
  if (!isNumeric(operand.type) && operand.type.kind !== 'dyn') {
    refuse(node, `\`-\` meets ${describeType(operand.type)}`);
  }
  const run = (frame: Frame): Value => {
    const value = operand.run(frame);
    return typeof value === 'number' ? -value : fail(node, `\`-\` of ${kindOf(value)}`);
  };
  return { node, type: operand.type, run };
}
