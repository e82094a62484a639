import type { Json } from '../../model/json.js';

/** Marks the objects that are not JSON. JSON has no symbols, so no argument and no result can pass for one of them. */
const special = Symbol('special');

/** A moment in time, microseconds since the Unix epoch. */
export interface Instant {
  readonly [special]: 'timestamp';
  readonly micros: bigint;
}

/** A length of time in microseconds. */
export interface Span {
  readonly [special]: 'duration';
  readonly micros: bigint;
}

interface Marker {
  readonly [special]: 'null' | 'all scopes';
}

/** A timestamp from microseconds since the Unix epoch. */
export function createInstant(micros: bigint): Instant {
  return { [special]: 'timestamp', micros };
}

/** A duration from microseconds. */
export function createSpan(micros: bigint): Span {
  return { [special]: 'duration', micros };
}

/**
 * A `user` field (or a claim, at any depth) that is null. It equals the literal `null` and makes every other comparison
 * not evaluable, wherever an expression carries it, so that nobody is taken for the owner of nothing.
 */
export const nullIdentity: Marker = { [special]: 'null' };

/** The scopes of a caller who holds all of them: every scope is in it, and it has no size. */
export const allScopes: Marker = { [special]: 'all scopes' };

interface ValueMap {
  readonly [special]?: never;
  readonly [key: string]: Value;
}

/**
 * What an expression yields. JSON stands for itself, without conversion: both kinds of CEL numbers are JavaScript
 * numbers, and an integer outside ±(2^53-1) is a string of digits, which no number equals (spec page 03).
 */
export type Value = null | boolean | number | string | readonly Value[] | ValueMap | Instant | Span | Marker;

export type ValueKind =
  'null' | 'bool' | 'number' | 'string' | 'list' | 'map' | 'timestamp' | 'duration' | 'all scopes';

function objectKind(value: object): ValueKind {
  if (Array.isArray(value)) return 'list';
  return (value as Partial<Marker>)[special] ?? 'map';
}

/** The kind of a value. All numbers are one kind. */
export function kindOf(value: Value): ValueKind {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'number':
      return 'number';
    case 'boolean':
      return 'bool';
    default:
      return value === null ? 'null' : objectKind(value);
  }
}

/** True for a list value. */
export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** True for a timestamp. */
export function isInstant(value: Value): value is Instant {
  return typeof value === 'object' && value !== null && objectKind(value) === 'timestamp';
}

/** True for a duration. */
export function isSpan(value: Value): value is Span {
  return typeof value === 'object' && value !== null && objectKind(value) === 'duration';
}

/** True for a map value: an object that is none of this module's own. */
export function isMap(value: Value): value is ValueMap {
  return typeof value === 'object' && value !== null && objectKind(value) === 'map';
}

/** The claims as expressions see them: a null at any depth is a `nullIdentity`. A copy without prototypes. */
export function identityValue(value: Json): Value {
  if (value === null) return nullIdentity;
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map(identityValue);
  const copy = Object.create(null) as Record<string, Value>;
  for (const [key, child] of Object.entries(value)) copy[key] = identityValue(child);
  return copy;
}
