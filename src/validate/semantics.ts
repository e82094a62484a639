import type { TypeNode } from '../model/type-node.js';
import { patternTextLimit, type Direction } from './formats.js';

/** Where a value stands: nulls are judged by it (spec page 03, "Results"). */
export type Position = 'argument' | 'result-root' | 'result-inner';

/** Levels of nesting that a declared type may have, and a value where its type does not say. */
export const maxDepth = 64;

/** True when null is a value of this node. Both the advertised schema and the checks ask here. */
export function acceptsNull(node: TypeNode, position: Position): boolean {
  if (position === 'argument') return node.nullable === true || node.default === null;
  return position === 'result-root' ? node.nullable === true : node.nullable !== false;
}

/** True when a node or anything below it is sensitive. */
export function hasSensitive(node: TypeNode): boolean {
  const below = [...(node.items ? [node.items] : []), ...(node.properties ?? []).map((each) => each.node)];
  return node.sensitive === true || below.some(hasSensitive);
}

/** The direction in which a value at this position travels. */
export function directionOf(position: Position): Direction {
  return position === 'argument' ? 'argument' : 'result';
}

/** The position of everything below a value. */
export function below(position: Position): Position {
  return position === 'argument' ? 'argument' : 'result-inner';
}

/** The properties that must be present: of arguments, those with a default are filled in before. */
export function requiredOf(node: TypeNode, position: Position): readonly string[] {
  const required = [...new Set(node.required)];
  if (position !== 'argument') return required;
  const filled = new Set(
    node.properties?.filter((each) => each.node.default !== undefined).map((each) => each.name),
  );
  return required.filter((name) => !filled.has(name));
}

/** The declared `maxLength`, or the bound that a `pattern` or `uri` implies, so that no text is searched without end. */
export function maxLengthOf(node: TypeNode): number | undefined {
  if (node.maxLength !== undefined) return node.maxLength;
  return node.pattern !== undefined || node.format === 'uri' ? patternTextLimit : undefined;
}

/** True when a number at this place may stand as a string of digits: a result that nothing declared keeps below 2^53. */
export function allowsDigits(node: TypeNode, position: Position): boolean {
  if (node.type !== 'integer' && node.type !== 'number') return false;
  if (node.enum !== undefined) return node.enum.some((value) => typeof value === 'string');
  if (position === 'argument') return false;
  return Math.min(node.maximum ?? Infinity, node.exclusiveMaximum ?? Infinity) > Number.MAX_SAFE_INTEGER;
}
