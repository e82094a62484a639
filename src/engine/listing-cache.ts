import type { EndpointKind } from '../model/rule.js';
import type { Operation } from './operation.js';
import type { Registry } from './registry.js';

/** What one class of callers sees of a kind. The same object for the same class, so that answers can be kept by it. */
export interface Listing {
  readonly operations: readonly Operation[];
  /** True when another caller may see something else. */
  readonly private: boolean;
}

/** Lists of one kind by the vector of decisions that made them. */
export interface ListingCache {
  readonly listings: Map<string, Listing>;
  /** Operations with rules that can hide, by their place in the registry's list. */
  readonly hideable: readonly (readonly [index: number, operation: Operation])[];
}

/** The empty caches of a new registry. */
export function createListingCaches(registry: Registry): ReadonlyMap<EndpointKind, ListingCache> {
  const kinds = ['tool', 'resource', 'prompt'] as const;
  return new Map(
    kinds.map((kind) => {
      const hideable = [...registry.list(kind).entries()].filter(
        ([, { endpoint }]) => endpoint.policies.input.length > 0,
      );
      return [kind, { listings: new Map<string, Listing>(), hideable }];
    }),
  );
}
