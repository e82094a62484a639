import type { ASTNode } from '@marcbachmann/cel-js';
import { bool, describeType, isNumeric, type CelType } from './cel-type.js';
import { spend, spendText, type Frame } from './frame.js';
import { fail } from './not-evaluable.js';
import { refuse, textOf, type Compiled, type Scope } from './scope.js';
import { allScopes, isInstant, isList, isMap, isSpan, kindOf, nullIdentity, type Value } from './value.js';

function equalLists(a: readonly Value[], b: readonly Value[], frame: Frame, node: ASTNode): boolean {
  if (a.length !== b.length) return false;
  spend(frame, a.length, node);
  return a.every((item, index) => equal(item, b[index] ?? null, frame, node));
}

function equalMaps(a: Value, b: Value, frame: Frame, node: ASTNode): boolean {
  if (!isMap(a) || !isMap(b)) return fail(node, 'comparison of values of different kinds');
  const keys = Object.keys(a);
  spend(frame, keys.length, node);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && equal(a[key] ?? null, b[key] ?? null, frame, node));
}

function equalObjects(a: Value, b: Value, frame: Frame, node: ASTNode): boolean {
  if (a === allScopes || b === allScopes) return fail(node, 'all scopes do not compare');
  if (isList(a) && isList(b)) return equalLists(a, b, frame, node);
  if (isInstant(a) && isInstant(b)) return a.micros === b.micros;
  if (isSpan(a) && isSpan(b)) return a.micros === b.micros;
  return equalMaps(a, b, frame, node);
}

/**
 * Equality of spec page 04: numbers by value, null equal to null and different from everything else, values of
 * different kinds not evaluable, a null `user` field not evaluable against anything.
 */
function equal(a: Value, b: Value, frame: Frame, node: ASTNode): boolean {
  if (a === nullIdentity || b === nullIdentity) {
    return fail(node, 'comparison with a field of the caller that is null');
  }
  if (a === null || b === null) return a === b;
  const kind = kindOf(a);
  const other = kindOf(b);
  if (kind !== other) return fail(node, `comparison of ${kind} with ${other}`);
  if (typeof a === 'string') spendText(frame, a, node);
  return typeof a === 'object' ? equalObjects(a, b, frame, node) : a === b;
}

function isNullLiteral(operand: Compiled): boolean {
  return operand.literal?.value === null;
}

function comparable(a: CelType, b: CelType): boolean {
  if (a.kind === 'dyn' || b.kind === 'dyn' || a.kind === b.kind) return true;
  if (isNumeric(a) && isNumeric(b)) return true;
  return comparesAsText(a, b);
}

function comparesAsText(a: CelType, b: CelType): boolean {
  return (a.identity === true && b.kind === 'int') || (b.identity === true && a.kind === 'int');
}

function nullTest(node: ASTNode, operand: Compiled, wanted: boolean): Compiled {
  const { kind, nullable } = operand.type;
  if (kind !== 'dyn' && kind !== 'null' && nullable !== true) {
    refuse(node, `\`${textOf(operand.node)}\` is ${describeType(operand.type)} and never null`);
  }
  const run = (frame: Frame): Value => {
    const value = operand.run(frame);
    return (value === null || value === nullIdentity) === wanted;
  };
  return { node, type: bool, run };
}

function asText(value: Value): Value {
  return typeof value === 'number' ? String(value) : value;
}

function numberInQuotes(operand: Compiled): string | undefined {
  const value = operand.literal?.value;
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? value : undefined;
}

function numberAgainstString(number: Compiled, string: Compiled): readonly [string, string] {
  const unquoted = numberInQuotes(string);
  if (unquoted !== undefined) return [textOf(number.node), unquoted];
  return [`string(${textOf(number.node)})`, textOf(string.node)];
}

function correctedSides(left: Compiled, right: Compiled): readonly [string, string] | undefined {
  const [l, r] = [textOf(left.node), textOf(right.node)];
  if (isNumeric(left.type) && right.type.kind === 'string') return numberAgainstString(left, right);
  if (isNumeric(right.type) && left.type.kind === 'string') {
    const [number, string] = numberAgainstString(right, left);
    return [string, number];
  }
  if (left.type.timeFunction && right.type.kind === 'timestamp')
    return [`${left.type.timeFunction}(${l})`, r];
  if (right.type.timeFunction && left.type.kind === 'timestamp')
    return [l, `${right.type.timeFunction}(${r})`];
  return undefined;
}

/** The comparison as it would load, where there is a way to say it. */
export function correctedComparison(left: Compiled, operator: string, right: Compiled): string | undefined {
  const sides = correctedSides(left, right);
  if (sides) return `Write \`${sides[0]} ${operator} ${sides[1]}\``;
  const membership = operator === '==' && right.type.kind === 'list';
  return membership ? `Write \`${textOf(left.node)} in ${textOf(right.node)}\`` : undefined;
}

/** Compiles `==` (wanted: true) and `!=` (wanted: false). */
export function compileEquality(
  node: ASTNode,
  args: readonly [ASTNode, ASTNode],
  wanted: boolean,
  scope: Scope,
): Compiled {
  const subjects = scope.reads.subjects.length;
  const left = scope.compile(args[0], scope);
  const right = scope.compile(args[1], scope);
  if (isNullLiteral(left) || isNullLiteral(right)) {
    scope.reads.subjects.length = subjects;
    return nullTest(node, isNullLiteral(right) ? left : right, wanted);
  }
  if (!comparable(left.type, right.type)) {
    const operator = wanted ? '==' : '!=';
    const types = `${describeType(left.type)} with ${describeType(right.type)}`;
    refuse(node, `\`${operator}\` compares ${types}`, correctedComparison(left, operator, right));
  }
  noteRoles(left, right, scope);
  noteRoles(right, left, scope);
  const text = comparesAsText(left.type, right.type);
  const run = text
    ? (frame: Frame): Value =>
        equal(asText(left.run(frame)), asText(right.run(frame)), frame, node) === wanted
    : (frame: Frame): Value => equal(left.run(frame), right.run(frame), frame, node) === wanted;
  return { node, type: bool, run };
}

function contains(needle: Value, list: readonly Value[], frame: Frame, node: ASTNode): boolean {
  for (const item of list) {
    spend(frame, 1, node);
    if (equal(needle, item, frame, node)) return true;
  }
  return false;
}

function member(needle: Value, collection: Value, frame: Frame, node: ASTNode): boolean {
  if (needle === nullIdentity) return fail(node, 'comparison with a field of the caller that is null');
  if (isList(collection)) return contains(needle, collection, frame, node);
  if (typeof needle !== 'string')
    return fail(node, `\`in\` looks for ${kindOf(needle)} in ${kindOf(collection)}`);
  if (collection === allScopes) return true;
  if (!isMap(collection)) return fail(node, `\`in\` looks into ${kindOf(collection)}`);
  return Object.hasOwn(collection, needle);
}

function noteCapabilities(left: Compiled, right: Compiled, scope: Scope): void {
  if (right.type.capabilities !== true) return;
  for (const name of left.type.literals ?? []) scope.reads.capabilities.push({ name, node: left.node });
}

/** Notes the texts that `role`, the caller's role or roles, is compared with. */
function noteRoles(role: Compiled, { node, type }: Compiled, scope: Scope): void {
  if (role.type.roles !== true) return;
  for (const name of type.literals ?? type.item?.literals ?? []) scope.reads.roles.push({ name, node });
}

function checkMembership(node: ASTNode, left: Compiled, right: Compiled): void {
  const { kind, item } = right.type;
  const [l, r] = [textOf(left.node), textOf(right.node)];
  if (kind === 'dyn') return;
  if (kind === 'string') refuse(node, '`in` looks into string', `Write \`${r}.contains(${l})\``);
  if (kind !== 'list' && kind !== 'map') refuse(node, `\`in\` looks into ${describeType(right.type)}`);
  const wanted = kind === 'map' ? ({ kind: 'string' } as const) : item;
  if (!wanted || left.type.kind === 'null' || comparableItem(left.type, wanted)) return;
  const remedy =
    wanted.kind === 'string' && isNumeric(left.type) ? `Write \`string(${l}) in ${r}\`` : undefined;
  refuse(node, `\`in\` looks for ${describeType(left.type)} in ${describeType(right.type)}`, remedy);
}

function comparableItem(a: CelType, b: CelType): boolean {
  return comparable(a, b) && !comparesAsText(a, b);
}

/** Compiles `in`. */
export function compileMembership(node: ASTNode, args: readonly [ASTNode, ASTNode], scope: Scope): Compiled {
  const left = scope.compile(args[0], scope);
  const right = scope.compile(args[1], scope);
  checkMembership(node, left, right);
  noteCapabilities(left, right, scope);
  noteRoles(left, right, scope);
  noteRoles(right, left, scope);
  const literalNull = isNullLiteral(left);
  const run = (frame: Frame): Value => {
    const collection = right.run(frame);
    if (literalNull && isList(collection))
      return collection.some((item) => item === null || item === nullIdentity);
    return member(left.run(frame), collection, frame, node);
  };
  return { node, type: bool, run };
}
