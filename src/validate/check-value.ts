import type { Json, JsonObject } from '../model/json.js';
import type { TypeName, TypeNode } from '../model/type-node.js';
import { compileEnum } from './equal-values.js';
import { decimalText, isBigDigits } from './decimal.js';
import { shapeOf } from './describe-value.js';
import { compileNumberCheck, compileSizeCheck, compileStringCheck, compileUniqueCheck } from './keywords.js';
import { acceptsNull, allowsDigits, below, directionOf, requiredOf, type Position } from './semantics.js';

/** Why a value does not fit. `path` is in terms of declared properties (`.orders[].card`), `message` has no content. */
interface Fault {
  readonly path: string;
  readonly message: string;
}

/** The first fault of a value, or undefined. Changes and copies nothing. */
export type Check = (value: Json) => Fault | undefined;

/** What a type is called in messages. */
const typeTitles: Readonly<Record<TypeName, string>> = {
  string: 'a string',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
};

const fault = (expectation: string, value: Json): Fault => ({
  path: '',
  message: `expected ${expectation}, got ${shapeOf(value)}`,
});

const within = (prefix: string, inner: Fault): Fault => ({ ...inner, path: prefix + inner.path });

/**
 * Compiles the test of a finished value against its declaration, all keywords, nothing coerced (spec page 03). It accepts
 * exactly what the advertised schema of the same node and position accepts, where that schema can say it.
 */
export function compileCheck(node: TypeNode, position: Position): Check {
  const check = withEnum(node, compileTyped(node, position));
  const nullable = acceptsNull(node, position);
  const expectation = typeTitles[node.type];
  return (value) => {
    if (value !== null) return check(value);
    return nullable ? undefined : fault(expectation, value);
  };
}

function withEnum(node: TypeNode, check: Check): Check {
  if (node.enum === undefined) return check;
  const isMember = compileEnum(node.enum);
  return (value) =>
    check(value) ?? (isMember(value) ? undefined : fault('one of the values of its enum', value));
}

function compileTyped(node: TypeNode, position: Position): Check {
  switch (node.type) {
    case 'string':
      return stringCheck(node, position);
    case 'integer':
      return integerCheck(node, position);
    case 'number':
      return numberCheck(node, position);
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? undefined : fault(typeTitles.boolean, value));
    case 'array':
      return arrayCheck(node, position);
    case 'object':
      return objectCheck(node, position);
  }
}

function stringCheck(node: TypeNode, position: Position): Check {
  const check = compileStringCheck(node, directionOf(position));
  return (value) => {
    if (typeof value !== 'string') return fault(typeTitles.string, value);
    const expectation = check?.(value);
    return expectation === undefined ? undefined : fault(expectation, value);
  };
}

function integerCheck(node: TypeNode, position: Position): Check {
  const check = compileNumberCheck(node);
  const digits = allowsDigits(node, position);
  return (value) => {
    if (typeof value === 'number') {
      if (!Number.isInteger(value)) return fault(typeTitles.integer, value);
    } else if (!digits || typeof value !== 'string' || !isBigDigits(value))
      return fault(typeTitles.integer, value);
    const expectation = check?.(typeof value === 'string' ? BigInt(value) : value);
    return expectation === undefined ? undefined : fault(expectation, value);
  };
}

function numberCheck(node: TypeNode, position: Position): Check {
  const check = compileNumberCheck(node);
  const digits = allowsDigits(node, position);
  return (value) => {
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) return fault(typeTitles.number, value);
    } else if (!digits || typeof value !== 'string' || !decimalText.test(value)) {
      return fault(typeTitles.number, value);
    }
    const expectation = check?.(value);
    return expectation === undefined ? undefined : fault(expectation, value);
  };
}

const isArray = (value: Json): value is readonly Json[] => Array.isArray(value);

function arrayCheck(node: TypeNode, position: Position): Check {
  const size = compileSizeCheck(node);
  const unique = compileUniqueCheck(node);
  const check = node.items === undefined ? undefined : compileCheck(node.items, below(position));
  return (value) => {
    if (!isArray(value)) return fault(typeTitles.array, value);
    const wrongSize = size?.(value);
    if (wrongSize !== undefined) return fault(wrongSize, value);
    if (check !== undefined) {
      for (const item of value) {
        const inner = check(item);
        if (inner !== undefined) return within('[]', inner);
      }
    }
    const repeated = unique?.(value);
    return repeated === undefined ? undefined : fault(repeated, value);
  };
}

interface PropertyCheck {
  readonly name: string;
  /** Undefined for a name that is only required. */
  readonly check: Check | undefined;
  readonly required: boolean;
  /** True for names that a plain object seems to have without having them. */
  readonly inherited: boolean;
}

function propertyChecks(node: TypeNode, position: Position): PropertyCheck[] {
  const required = new Set(requiredOf(node, position));
  const declared = (node.properties ?? []).map(({ name, node: property }) => ({
    name,
    check: compileCheck(property, below(position)),
    required: required.delete(name),
    inherited: name in Object.prototype,
  }));
  const others = [...required].map((name) => ({
    name,
    check: undefined,
    required: true,
    inherited: name in Object.prototype,
  }));
  return [...declared, ...others];
}

function objectCheck(node: TypeNode, position: Position): Check {
  const properties = propertyChecks(node, position);
  const closed = node.additionalProperties === false;
  return (value) => {
    if (typeof value !== 'object' || value === null || isArray(value)) return fault(typeTitles.object, value);
    let present = 0;
    for (const property of properties) {
      const member = memberOf(value, property);
      if (member === undefined) {
        if (property.required)
          return within(`.${property.name}`, { path: '', message: 'required, but it is missing' });
        continue;
      }
      if (property.check === undefined) continue;
      present += 1;
      const inner = property.check(member);
      if (inner !== undefined) return within(`.${property.name}`, inner);
    }
    if (closed && Object.keys(value).length > present) return fault('only declared properties', value);
    return undefined;
  };
}

function memberOf(value: JsonObject, { name, inherited }: PropertyCheck): Json | undefined {
  return inherited && !Object.hasOwn(value, name) ? undefined : value[name];
}
