import type { EndpointKind } from '../model/rule.js';
import type { Operation } from './operation.js';
import type { Registry } from './registry.js';
import type { ScopeRules } from './scope-rules.js';

/** What one class of callers sees of a kind. The same object for the same class, so that answers can be kept by it. */
export interface Listing {
  readonly operations: readonly Operation[];
  /** True when another caller may see something else. */
  readonly private: boolean;
}

/** Operations that need the same scopes and have the same tags: whoever sees one as far as scopes go sees all. */
export interface ScopeClass {
  readonly operations: readonly [Operation, ...Operation[]];
  /** Where the first one stands in the registry's list. */
  readonly index: number;
}

/** Lists of one kind by the vector of decisions that made them. */
export interface ListingCache {
  readonly listings: Map<string, Listing>;
  /** Operations with rules that can hide, by their place in the registry's list. */
  readonly hideable: readonly (readonly [index: number, operation: Operation])[];
  readonly classes: readonly ScopeClass[];
  /** Some operation needs a scope. */
  readonly scoped: boolean;
}

function classesOf(operations: readonly Operation[], { required }: ScopeRules): ScopeClass[] {
  const classes = new Map<string, { operations: [Operation, ...Operation[]]; index: number }>();
  for (const [index, operation] of operations.entries()) {
    const key = JSON.stringify([required(operation), [...operation.endpoint.tags].sort()]);
    const known = classes.get(key);
    if (known) known.operations.push(operation);
    else classes.set(key, { operations: [operation], index });
  }
  return [...classes.values()];
}

/** The empty caches of a new registry. */
export function createListingCaches(
  registry: Registry,
  scopes: ScopeRules,
): ReadonlyMap<EndpointKind, ListingCache> {
  const kinds = ['tool', 'resource', 'prompt'] as const;
  return new Map(
    kinds.map((kind) => {
      const operations = registry.list(kind);
      const hideable = [...operations.entries()].filter(
        ([, { endpoint }]) => endpoint.policies.input.length > 0,
      );
      const scoped = operations.some((operation) => scopes.required(operation).length > 0);
      const classes = classesOf(operations, scopes);
      return [kind, { listings: new Map<string, Listing>(), hideable, classes, scoped }];
    }),
  );
}
