import type { TypeNode } from '../../model/type-node.js';

type CelKind =
  'dyn' | 'bool' | 'int' | 'double' | 'string' | 'null' | 'timestamp' | 'duration' | 'list' | 'map';

/** What is known of an expression's value at load. Evaluation never relies on it: every operator looks at the value. */
export interface CelType {
  readonly kind: CelKind;
  /** The value may be null. */
  readonly nullable?: boolean;
  /** Text that names a caller: compares with integers as text. */
  readonly identity?: boolean;
  readonly item?: CelType;
  readonly fields?: ReadonlyMap<string, CelType>;
  /** No other fields than `fields` exist. */
  readonly closed?: boolean;
  /** Upper bound of elements, where it is known at load. */
  readonly size?: number;
  /** All texts that the value can be, where they are written in the condition. */
  readonly literals?: readonly string[];
  /** The list of the caller's capabilities. */
  readonly capabilities?: boolean;
  /** The caller's role, or the list of its roles. */
  readonly roles?: boolean;
  /** Of a dynamic value: what it is declared to be. Only names of fields are looked up there. */
  readonly declared?: CelType;
  /** For corrected forms: the function that makes a time of such a string. */
  readonly timeFunction?: 'date' | 'timestamp';
}

export const dyn: CelType = { kind: 'dyn' };
/** A dynamic value of which something is declared, or nothing. */
export function dynamic(declared: CelType | undefined): CelType {
  return declared === undefined ? dyn : { kind: 'dyn', declared };
}

export const bool: CelType = { kind: 'bool' };
export const int: CelType = { kind: 'int' };
export const double: CelType = { kind: 'double' };
export const string: CelType = { kind: 'string' };
export const timestamp: CelType = { kind: 'timestamp' };
export const duration: CelType = { kind: 'duration' };
export const stringList: CelType = { kind: 'list', item: string };

const timeFunctions = new Map<string, 'date' | 'timestamp'>([
  ['date', 'date'],
  ['date-time', 'timestamp'],
]);

function stringType(node: TypeNode): CelType {
  const timeFunction = timeFunctions.get(node.format ?? '');
  return timeFunction ? { kind: 'string', timeFunction } : string;
}

function listType(node: TypeNode): CelType {
  const item = node.items ? typeOfNode(node.items) : dyn;
  return node.maxItems === undefined ? { kind: 'list', item } : { kind: 'list', item, size: node.maxItems };
}

function mapType(node: TypeNode): CelType {
  const fields = new Map((node.properties ?? []).map(({ name, node: child }) => [name, typeOfNode(child)]));
  return { kind: 'map', fields, closed: node.additionalProperties === false };
}

function baseType(node: TypeNode): CelType {
  switch (node.type) {
    case 'integer':
      return int;
    case 'number':
      return double;
    case 'boolean':
      return bool;
    case 'string':
      return stringType(node);
    case 'array':
      return listType(node);
    case 'object':
      return mapType(node);
  }
}

/** The type that a declared node has in conditions (spec page 04, "What a condition sees"). */
export function typeOfNode(node: TypeNode): CelType {
  const nullable = node.nullable === true || node.default === null || node.enum?.includes(null) === true;
  return nullable ? { ...baseType(node), nullable } : baseType(node);
}

/** True for types whose values are numbers, or may be. */
export function isNumeric(type: CelType): boolean {
  return type.kind === 'int' || type.kind === 'double';
}

/** A type's name for people. */
export function describeType(type: CelType): string {
  const name = type.kind === 'list' && type.item ? `list of ${describeType(type.item)}` : type.kind;
  return type.nullable ? `${name} or null` : name;
}

/** The type of a value that is of one of two types. */
export function unify(a: CelType, b: CelType): CelType {
  if (a === b) return a;
  if (a.kind === b.kind && a.kind !== 'list' && a.kind !== 'map')
    return { kind: a.kind, nullable: mayBeNull(a, b) };
  return dyn;
}

function mayBeNull(a: CelType, b: CelType): boolean {
  return a.nullable === true || b.nullable === true;
}
