import type { Json, JsonObject } from '../../src/model/json.js';
import type { TypeNode } from '../../src/model/type-node.js';
import { origin } from './arbitrary-type.js';

/** A type node as an author writes it, in the model's form. Only what tests use: the project folder reads real files. */
export function nodeOf(written: JsonObject): TypeNode {
  const { properties, items, ...keywords } = written;
  return {
    ...(keywords as unknown as TypeNode),
    ...(items !== undefined && { items: nodeOf(items as JsonObject) }),
    ...(properties !== undefined && {
      properties: Object.entries(properties as Record<string, Json>).map(([name, node]) => ({
        name,
        node: nodeOf(node as JsonObject),
      })),
    }),
    origin,
  };
}
