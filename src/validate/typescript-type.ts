import type { Json } from '../model/json.js';
import type { TypeNode } from '../model/type-node.js';
import { acceptsNull, allowsDigits, below, requiredOf, type Position } from './semantics.js';

/** The indentation of one level. */
const step = '  ';

/**
 * The TypeScript type of the values of a node, as a body gets them (`argument`) or may return them (spec page 08). Says what
 * `compileArguments` gives and `compileCheck` takes, as far as types can.
 */
export function typescriptType(node: TypeNode, position: Position, indent = ''): string {
  const type = node.enum === undefined ? plainType(node, position, indent) : literals(node.enum);
  return acceptsNull(node, position) && !node.enum?.includes(null) ? `${type} | null` : type;
}

function literals(values: readonly Json[]): string {
  return values.map((value) => JSON.stringify(value)).join(' | ');
}

function plainType(node: TypeNode, position: Position, indent: string): string {
  switch (node.type) {
    case 'string':
      return stringType(node, position);
    case 'integer':
      return integerType(node, position);
    case 'number':
      return allowsDigits(node, position) ? 'number | `${number}`' : 'number';
    case 'boolean':
      return 'boolean';
    case 'array':
      return node.items === undefined
        ? freeType('readonly ', position)
        : arrayType(typescriptType(node.items, below(position), indent));
    case 'object':
      return node.properties === undefined ? freeObject(position) : objectType(node, position, indent);
  }
}

/** A result may be a `Date` where its text in ISO 8601 fits. */
function stringType({ format }: TypeNode, position: Position): string {
  const moment = format === 'date-time' || format === 'timestamp';
  return moment && position !== 'argument' ? 'string | Date' : 'string';
}

/** Integers beyond ±(2^53-1) are their digits (spec page 03); in a result, a bigint becomes them. */
function integerType(node: TypeNode, position: Position): string {
  if (position !== 'argument') {
    return allowsDigits(node, position) ? 'number | bigint | `${bigint}`' : 'number | bigint';
  }
  return isSafe(node) ? 'number' : 'number | `${bigint}`';
}

function isSafe({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: TypeNode): boolean {
  const lowest = Math.max(minimum ?? -Infinity, exclusiveMinimum ?? -Infinity);
  const highest = Math.min(maximum ?? Infinity, exclusiveMaximum ?? Infinity);
  return lowest >= Number.MIN_SAFE_INTEGER && highest <= Number.MAX_SAFE_INTEGER;
}

function freeType(prefix: string, position: Position): string {
  return position === 'argument' ? `${prefix}Json[]` : `${prefix}unknown[]`;
}

function freeObject(position: Position): string {
  return position === 'argument' ? 'JsonObject' : 'object';
}

function arrayType(item: string): string {
  return /^[\w.]+$/.test(item) || /^\{[^|]*\}$/.test(item) ? `readonly ${item}[]` : `readonly (${item})[]`;
}

/** Properties of arguments that have a default are always there. Names beyond the declared ones only where it says so. */
function objectType(node: TypeNode, position: Position, indent: string): string {
  const required = new Set(requiredOf(node, position));
  const inner = indent + step;
  const members = (node.properties ?? []).map(({ name, node: property }) => {
    const present = required.has(name) || (position === 'argument' && property.default !== undefined);
    const type = typescriptType(property, below(position), inner);
    const loose = present || position === 'argument' ? type : `${type} | undefined`;
    return `${docComment(property, inner)}${inner}readonly ${propertyName(name)}${present ? '' : '?'}: ${loose};`;
  });
  if (node.additionalProperties === true) members.push(`${inner}readonly [name: string]: unknown;`);
  return members.length === 0 ? freeObject(position) : `{\n${members.join('\n')}\n${indent}}`;
}

function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

/** What the author says of a node, as a comment on lines of its own; nothing when he says nothing. */
export function docComment({ description }: { readonly description?: string }, indent = ''): string {
  if (description === undefined || description.trim() === '') return '';
  const lines = description.trim().replaceAll('*/', '*\\/').split(/\r?\n/);
  if (lines.length === 1) return `${indent}/** ${lines[0] ?? ''} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
}
