import type { ASTNode } from '@marcbachmann/cel-js';
import { didYouMean } from '../../lib/did-you-mean.js';
import { compileRe2 } from '../../lib/pattern.js';
import { compileHas } from './access.js';
import { bool, describeType, type CelType } from './cel-type.js';
import type { Frame } from './frame.js';
import { spendText } from './frame.js';
import { functionNames, overloadsOf, type Overload } from './functions.js';
import { compileMacro, isMacro } from './macros.js';
import { fail } from './not-evaluable.js';
import { refuse, type Compiled, type Scope } from './scope.js';
import { isTimeZone } from './time.js';
import { kindOf, type Value } from './value.js';

const maxPatternLength = 1000;

/** Matching costs far more per character than comparing. */
const matchedCharactersPerElement = 32;

function compilePattern(node: ASTNode, pattern: string): (text: string) => boolean {
  if (pattern.length > maxPatternLength) refuse(node, `a pattern longer than ${maxPatternLength} characters`);
  try {
    return compileRe2(pattern);
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    return refuse(node, `not an RE2 pattern: ${reason}`, 'RE2 has no lookaround and no backreferences');
  }
}

/** Compiles `text.matches(pattern)` (or `matches(text, pattern)`): a literal pattern, on RE2, anywhere in the text. */
function compileMatches(node: ASTNode, operands: readonly [ASTNode, ASTNode], scope: Scope): Compiled {
  const text = scope.compile(operands[0], scope);
  const pattern = scope.compile(operands[1], scope).literal?.value;
  if (typeof pattern !== 'string')
    return refuse(operands[1], 'the pattern of `matches` must be a literal string');
  if (text.type.kind !== 'string' && text.type.kind !== 'dyn') {
    refuse(node, `\`matches\` of ${describeType(text.type)}`);
  }
  const matches = compilePattern(operands[1], pattern);
  const run = (frame: Frame): Value => {
    const value = text.run(frame);
    if (typeof value !== 'string') return fail(node, `\`matches\` of ${kindOf(value)}`);
    spendText(frame, value, node, matchedCharactersPerElement);
    return matches(value);
  };
  return { node, type: bool, run };
}

function couldBe(type: CelType, kind: Overload['kinds'][number]): boolean {
  if (kind === 'any' || type.kind === 'dyn' || type.kind === kind) return true;
  return kind === 'number' && (type.kind === 'int' || type.kind === 'double');
}

function fits(overload: Overload, values: readonly Value[]): boolean {
  return overload.kinds.every((kind, index) => kind === 'any' || kindOf(values[index] ?? null) === kind);
}

function unknownFunction(node: ASTNode, name: string): never {
  if (name === 'not') refuse(node, 'unknown function `not`', 'Write `!(…)`');
  const method = name.startsWith('.');
  const known = [...functionNames(), 'has', '.matches', '.all', '.exists', '.exists_one', '.filter', '.map'];
  const guess = didYouMean(
    name,
    known.filter((candidate) => candidate.startsWith('.') === method),
  );
  const remedy = guess === undefined ? undefined : `Did you mean \`${guess.replace('.', '')}\`?`;
  return refuse(node, `unknown function \`${name.replace('.', '')}\``, remedy);
}

function checkTimeZone(name: string, operands: readonly Compiled[]): void {
  const zone = operands[1];
  if (!name.startsWith('.get') || !zone) return;
  const literal = zone.literal?.value;
  if (typeof literal !== 'string' || !isTimeZone(literal)) {
    refuse(zone.node, 'a time zone must be a literal name of the IANA database');
  }
}

function compileFunction(node: ASTNode, name: string, args: readonly ASTNode[], scope: Scope): Compiled {
  const forms = overloadsOf(name, args.length);
  if (forms.length === 0) unknownFunction(node, name);
  const operands = args.map((arg) => scope.compile(arg, scope));
  checkTimeZone(name, operands);
  const possible = forms.filter(({ kinds }) =>
    operands.every(({ type }, i) => couldBe(type, kinds[i] ?? 'any')),
  );
  const [first] = possible;
  if (!first) {
    const types = operands.map(({ type }) => describeType(type)).join(', ');
    return refuse(node, `\`${name.replace('.', '')}\` has no form for ${types}`);
  }
  const run = (frame: Frame): Value => {
    const values = operands.map((operand) => operand.run(frame));
    const overload = possible.find((candidate) => fits(candidate, values));
    if (overload) return overload.apply(values, { frame, node });
    return fail(node, `\`${name.replace('.', '')}\` of ${values.map(kindOf).join(', ')}`);
  };
  return { node, type: first.result, run };
}

/** Compiles `name(args)`. */
export function compileCall(node: ASTNode, name: string, args: readonly ASTNode[], scope: Scope): Compiled {
  const [first, second] = args;
  if (name === 'has') return compileHas(node, args, scope);
  if (name === 'matches' && first && second) return compileMatches(node, [first, second], scope);
  return compileFunction(node, name, args, scope);
}

/** Compiles `receiver.name(args)`. */
export function compileMethod(
  node: ASTNode,
  name: string,
  receiver: ASTNode,
  args: readonly ASTNode[],
  scope: Scope,
): Compiled {
  const [first] = args;
  if (isMacro(name)) return compileMacro(node, name, receiver, args, scope);
  if (name === 'matches' && first) return compileMatches(node, [receiver, first], scope);
  return compileFunction(node, `.${name}`, [receiver, ...args], scope);
}
