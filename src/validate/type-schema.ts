import type { Json, JsonObject } from '../model/json.js';
import type { TypeNode } from '../model/type-node.js';
import { formatOf } from './formats.js';
import {
  acceptsNull,
  allowsDigits,
  below,
  directionOf,
  maxLengthOf,
  requiredOf,
  type Position,
} from './semantics.js';

/** How the schema of a property or item is made; lets output rules change what is said about inner nodes. */
export type SchemaOf = (node: TypeNode, position: Position) => JsonObject;

/** A schema in the making. Without prototype: property names are the author's. */
export type Draft = Record<string, Json>;

/** An empty schema. */
export function newDraft(): Draft {
  return Object.create(null) as Draft;
}

function assign(draft: Draft, key: string, value: Json | undefined): void {
  if (value !== undefined) draft[key] = value;
}

/** Says what `compileCheck` enforces for the node at the position, in JSON Schema 2020-12. Inner nodes come from `schemaOf`. */
export function typeSchema(node: TypeNode, position: Position, schemaOf: SchemaOf): Draft {
  const draft = newDraft();
  draft['type'] = typeKeyword(node, position);
  assign(draft, 'description', node.description);
  if (position === 'argument') assign(draft, 'default', node.default);
  assign(draft, 'examples', node.examples);
  assign(draft, 'enum', enumKeyword(node, position));
  if (node.type === 'string') addText(draft, node, position);
  if (node.type === 'integer' || node.type === 'number') addNumeric(draft, node, position);
  if (node.type === 'array') addArray(draft, node, position, schemaOf);
  if (node.type === 'object') addObject(draft, node, position, schemaOf);
  return draft;
}

function typeKeyword(node: TypeNode, position: Position): Json {
  const types = [
    node.type,
    ...(allowsDigits(node, position) ? ['string'] : []),
    ...(acceptsNull(node, position) ? ['null'] : []),
  ];
  return types.length === 1 ? node.type : types;
}

function enumKeyword(node: TypeNode, position: Position): Json | undefined {
  if (node.enum === undefined || !acceptsNull(node, position) || node.enum.includes(null)) return node.enum;
  return [...node.enum, null];
}

function addText(draft: Draft, node: TypeNode, position: Position): void {
  assign(draft, 'minLength', node.minLength);
  assign(draft, 'maxLength', maxLengthOf(node));
  const format = node.format === undefined ? undefined : formatOf(node.format, directionOf(position));
  if (format !== undefined) Object.assign(draft, format.advertised);
  if (node.pattern === undefined) return;
  if (draft['pattern'] === undefined) draft['pattern'] = node.pattern;
  else draft['allOf'] = [{ pattern: node.pattern }];
}

function addNumeric(draft: Draft, node: TypeNode, position: Position): void {
  assign(draft, 'minimum', node.minimum);
  assign(draft, 'maximum', node.maximum);
  assign(draft, 'exclusiveMinimum', node.exclusiveMinimum);
  assign(draft, 'exclusiveMaximum', node.exclusiveMaximum);
  // Validators divide doubles and call 19.99 no multiple of 0.01: a result that is one must not look wrong to them.
  if (position === 'argument' || Number.isInteger(node.multipleOf))
    assign(draft, 'multipleOf', node.multipleOf);
  if (allowsDigits(node, position) && node.enum === undefined) draft['pattern'] = digitsPattern(node);
}

/** Texts that `compileCheck` takes for a number that no double carries. A negative one is below every bound that a double has. */
function digitsPattern(node: TypeNode): string {
  const lowest = Math.max(node.minimum ?? -Infinity, node.exclusiveMinimum ?? -Infinity);
  const sign = lowest >= Number.MIN_SAFE_INTEGER ? '' : '-?';
  return node.type === 'integer'
    ? `^${sign}[1-9][0-9]{15,}$`
    : String.raw`^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$`;
}

function addArray(draft: Draft, node: TypeNode, position: Position, schemaOf: SchemaOf): void {
  if (node.items !== undefined) draft['items'] = schemaOf(node.items, below(position));
  assign(draft, 'minItems', node.minItems);
  assign(draft, 'maxItems', node.maxItems);
  assign(draft, 'uniqueItems', node.uniqueItems);
}

function addObject(draft: Draft, node: TypeNode, position: Position, schemaOf: SchemaOf): void {
  if (node.properties !== undefined) {
    const properties = newDraft();
    for (const { name, node: property } of node.properties)
      properties[name] = schemaOf(property, below(position));
    draft['properties'] = properties;
  }
  const required = requiredOf(node, position);
  if (required.length > 0) draft['required'] = required;
  if (node.additionalProperties === false) draft['additionalProperties'] = false;
}
