import type { Caller } from '../model/caller.js';
import type { RequestContext } from '../model/call.js';
import type { EndpointKind } from '../model/rule.js';
import type { Operation } from './operation.js';
import type { Registry } from './registry.js';
import type { Runtime } from './runtime.js';

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

const rememberedListings = 256;

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

function hiddenFrom(cache: ListingCache, caller: Caller, request: RequestContext): number[] {
  return cache.hideable.flatMap(([index, { rules, subject }]) =>
    rules.visible({ caller, request, endpoint: subject }) ? [] : [index],
  );
}

/**
 * The operations of a kind that this caller sees (spec page 04, "Seeing and calling"): decided by the same compiled rules
 * that decide a call.
 */
export function listOperations(
  runtime: Runtime,
  caller: Caller,
  request: RequestContext,
  kind: EndpointKind,
): Listing {
  const cache = runtime.listings.get(kind);
  const all = runtime.registry.list(kind);
  if (cache === undefined) return { operations: all, private: false };
  const hide = runtime.project.policies.hideDenied && cache.hideable.length > 0;
  const hidden = hide ? hiddenFrom(cache, caller, request) : [];
  const key = hidden.join();
  const known = cache.listings.get(key);
  if (known) return known;
  const absent = new Set(hidden);
  const operations = Object.freeze(all.filter((_, index) => !absent.has(index)));
  const listing: Listing = Object.freeze({ operations, private: hide });
  if (cache.listings.size >= rememberedListings) cache.listings.clear();
  cache.listings.set(key, listing);
  return listing;
}
