import type { ASTNode } from '@marcbachmann/cel-js';
import { didYouMean } from '../../lib/did-you-mean.js';
import { bool, describeType, dyn, dynamic, type CelType } from './cel-type.js';
import {
  contextNames,
  endpointFields,
  readResult,
  requestFields,
  userFields,
  type ContextField,
} from './context-names.js';
import type { Frame } from './frame.js';
import { fail, NotEvaluable, placeOf } from './not-evaluable.js';
import { refuse, textOf, type Compiled, type Scope, type Stage } from './scope.js';
import { isList, isMap, kindOf, nullIdentity, type Value } from './value.js';

const fieldTables = new Map([
  ['user', userFields],
  ['request', requestFields],
  ['endpoint', endpointFields],
]);

const availableIn: Record<Stage, ReadonlySet<string>> = {
  assign: new Set(['user']),
  input: new Set(['user', 'args', 'request', 'endpoint']),
  output: new Set(['user', 'args', 'request', 'endpoint', 'response']),
  row: new Set(['user', 'args', 'request', 'endpoint', 'response', 'row']),
};

function checkAvailable(node: ASTNode, name: string, scope: Scope): void {
  if (availableIn[scope.stage].has(name)) return;
  const where = { assign: '`assign`', input: 'input rules', output: 'this condition', row: 'this condition' };
  const remedy = scope.parameters.has(name) ? `Write \`args.${name}\` for the parameter` : undefined;
  refuse(node, `\`${name}\` does not exist in ${where[scope.stage]}`, remedy);
}

function readArguments(frame: Frame, node: ASTNode): NonNullable<Frame['args']> {
  if (frame.args === undefined) throw new NotEvaluable(`an argument is needed at ${placeOf(node)}`, true);
  return frame.args;
}

function readArgument(frame: Frame, name: string, node: ASTNode): Value {
  const args = readArguments(frame, node);
  const value = Object.hasOwn(args, name) ? args[name] : undefined;
  return value === undefined ? fail(node, `no argument \`${name}\``) : value;
}

/** What other languages call the literals of CEL, in lower case. */
const literals = new Map([
  ['true', 'true'],
  ['false', 'false'],
  ['null', 'null'],
  ['none', 'null'],
  ['nil', 'null'],
  ['undefined', 'null'],
]);

/** What an author who wrote a name that means nothing here may have wanted: a literal, another name, a field of the caller, or a text. */
function nameRemedy(node: ASTNode, name: string, scope: Scope): string {
  const literal = literals.get(name.toLowerCase());
  if (literal !== undefined) return `Write \`${literal}\``;
  const guess = didYouMean(name, [...scope.parameters.keys(), ...availableIn[scope.stage]]);
  if (guess !== undefined) return `Did you mean \`${guess}\`?`;
  if (userFields.has(name)) return `Did you mean \`user.${name}\`?`;
  const [word = name] = /^\w+(?:\.\w+\b(?!\())*/.exec(node.input.slice(node.start)) ?? [];
  return `A text is written in quotes: \`'${word}'\``;
}

function compileParameter(node: ASTNode, name: string, scope: Scope): Compiled {
  const type = scope.parameters.get(name);
  if (!type) refuse(node, `unknown name \`${name}\``, nameRemedy(node, name, scope));
  scope.reads.args = true;
  return { node, type, run: (frame) => readArgument(frame, name, node) };
}

function compileContextName(node: ASTNode, name: string, scope: Scope): Compiled {
  checkAvailable(node, name, scope);
  if (name === 'args') {
    scope.reads.args = true;
    const type: CelType = { kind: 'map', fields: scope.parameters, closed: true };
    return { node, type, run: (frame) => readArguments(frame, node) };
  }
  if (name !== 'response' && name !== 'row') {
    return refuse(
      node,
      `\`${name}\` as a whole has no value`,
      `Name a field of it, like \`${name}.${firstField(name)}\``,
    );
  }
  if (name === 'response') scope.reads.response = true;
  return { node, type: dynamic(scope.results[name]), run: (frame) => readResult(frame, name) };
}

function firstField(name: string): string {
  const fields = fieldTables.get(name);
  return fields ? ([...fields.keys()][0] ?? '') : '';
}

/** Compiles a bare name: a macro's variable, a context name or a parameter, in this order. */
export function compileName(node: ASTNode, name: string, scope: Scope): Compiled {
  const local = scope.locals.findLast((candidate) => candidate.name === name);
  if (local) return { node, type: local.type, run: (frame) => frame.locals[local.slot] ?? null };
  return contextNames.has(name) ? compileContextName(node, name, scope) : compileParameter(node, name, scope);
}

function unknownField(node: ASTNode, context: string, name: string, fields: Iterable<string>): never {
  const guess = didYouMean(name, fields);
  const offers = guess === undefined ? [] : [`Did you mean \`${context}.${guess}\`?`];
  if (context === 'user') offers.push(`A claim of this name is \`user.claims.${name}\``);
  return refuse(node, `\`${context}\` has no field \`${name}\``, offers.join(' ') || undefined);
}

/** The context field that `base.name` means, if `base` is one of the tables and not hidden by a macro's variable. */
function contextField(node: ASTNode, base: ASTNode, name: string, scope: Scope): ContextField | undefined {
  if (base.op !== 'id') return undefined;
  const context = base.args;
  const fields = fieldTables.get(context);
  if (!fields || scope.locals.some((local) => local.name === context)) return undefined;
  checkAvailable(base, context, scope);
  const field = fields.get(name) ?? unknownField(node, context, name, fields.keys());
  if (field.reads === 'subject') scope.reads.subjects.push(node);
  else if (field.reads) scope.reads[field.reads] = true;
  return field;
}

function argumentOf(node: ASTNode, base: ASTNode, name: string, scope: Scope): Compiled | undefined {
  if (base.op !== 'id' || base.args !== 'args' || scope.locals.some((local) => local.name === 'args'))
    return undefined;
  checkAvailable(base, 'args', scope);
  if (!scope.parameters.has(name)) return unknownField(node, 'args', name, scope.parameters.keys());
  return compileParameter(node, name, scope);
}

function fieldType(node: ASTNode, base: Compiled, name: string): CelType {
  const { type } = base;
  if (type.kind === 'dyn') return dynamic(type.declared?.fields?.get(name));
  if (type.kind !== 'map') refuse(node, `${describeType(type)} has no field \`${name}\``);
  const declared = type.fields?.get(name);
  if (declared) return declared;
  if (type.closed) unknownField(node, textOf(base.node), name, type.fields?.keys() ?? []);
  return type.item ?? dyn;
}

function noteStrange(node: ASTNode, base: Compiled, name: string, { reads }: Scope): void {
  const { declared } = base.type;
  if (declared === undefined || declared.kind === 'dyn') return;
  const isOpen = declared.kind === 'map' && !declared.fields?.size;
  if (!isOpen && declared.fields?.has(name) !== true)
    reads.strangeFields.push({ node, base: base.node, name, declared });
}

function readField(map: Value, name: string, node: ASTNode): Value {
  if (!isMap(map)) return fail(node, `field of ${kindOf(map)}`);
  const value = Object.hasOwn(map, name) ? map[name] : undefined;
  return value === undefined ? fail(node, `no field \`${name}\``) : value;
}

/** Compiles `base.name`. A missing key is not evaluable. */
export function compileField(node: ASTNode, args: readonly [ASTNode, string], scope: Scope): Compiled {
  const [baseNode, name] = args;
  const field = contextField(node, baseNode, name, scope);
  if (field) return { node, type: field.type, run: field.read };
  const argument = argumentOf(node, baseNode, name, scope);
  if (argument) return argument;
  const base = scope.compile(baseNode, scope);
  noteStrange(node, base, name, scope);
  return { node, type: fieldType(node, base, name), run: (frame) => readField(base.run(frame), name, node) };
}

function readItem(list: readonly Value[], index: Value, node: ASTNode): Value {
  if (typeof index !== 'number' || !Number.isSafeInteger(index))
    return fail(node, `list index is ${kindOf(index)}`);
  const item = index >= 0 ? list[index] : undefined;
  return item === undefined ? fail(node, 'list index out of bounds') : item;
}

function readKey(map: Value, key: Value, node: ASTNode): Value {
  if (!isMap(map)) return fail(node, `item of ${kindOf(map)}`);
  if (typeof key !== 'string') return fail(node, `map key is ${kindOf(key)}`);
  const value = Object.hasOwn(map, key) ? map[key] : undefined;
  return value === undefined ? fail(node, 'no such key') : value;
}

function itemType(node: ASTNode, base: Compiled, index: Compiled): CelType {
  const { kind, item, declared } = base.type;
  if (kind === 'dyn') return dynamic(declared?.item);
  const wanted = kind === 'list' ? ['int', 'double', 'dyn'] : ['string', 'dyn'];
  if (kind !== 'list' && kind !== 'map') refuse(node, `${describeType(base.type)} has no items`);
  if (!wanted.includes(index.type.kind)) refuse(node, `${kind} index is ${describeType(index.type)}`);
  return kind === 'list' ? (item ?? dyn) : dyn;
}

/** Compiles `base[index]`. A missing key and an index out of bounds are not evaluable. */
export function compileItem(node: ASTNode, args: readonly [ASTNode, ASTNode], scope: Scope): Compiled {
  const [baseNode, indexNode] = args;
  if (indexNode.op === 'value' && typeof indexNode.args === 'string') {
    return compileField(node, [baseNode, indexNode.args], scope);
  }
  const base = scope.compile(baseNode, scope);
  const index = scope.compile(indexNode, scope);
  const run = (frame: Frame): Value => {
    const collection = base.run(frame);
    const key = index.run(frame);
    return isList(collection) ? readItem(collection, key, node) : readKey(collection, key, node);
  };
  return { node, type: itemType(node, base, index), run };
}

function isPresent(map: Value, name: string, node: ASTNode): boolean {
  if (!isMap(map)) return fail(node, `\`has\` asks for a field of ${kindOf(map)}`);
  return Object.hasOwn(map, name) && map[name] !== undefined;
}

/**
 * Compiles `has(base.name)`: the key is there. Of the fixed fields of `user` and `request`, which are always there,
 * whether the field is not null.
 */
export function compileHas(node: ASTNode, args: readonly ASTNode[], scope: Scope): Compiled {
  const [target] = args;
  if (args.length !== 1 || target?.op !== '.')
    refuse(node, '`has` needs a field, as in `has(user.claims.team)`');
  const [baseNode, name] = target.args;
  const subjects = scope.reads.subjects.length;
  const field = contextField(target, baseNode, name, scope);
  scope.reads.subjects.length = subjects;
  if (field) {
    const read = (frame: Frame): Value => ![null, nullIdentity].includes(field.read(frame) as null);
    return { node, type: bool, run: read };
  }
  const base = scope.compile(baseNode, scope);
  fieldType(target, base, name);
  return { node, type: bool, run: (frame) => isPresent(base.run(frame), name, target) };
}
