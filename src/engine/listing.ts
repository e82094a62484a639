import type { Caller } from '../model/caller.js';
import type { RequestContext } from '../model/call.js';
import type { EndpointKind } from '../model/rule.js';
import type { Listing, ListingCache } from './listing-cache.js';
import type { Operation } from './operation.js';
import type { Runtime } from './runtime.js';

const rememberedListings = 256;

function isHidden({ rules, subject }: Operation, caller: Caller, request: RequestContext): boolean {
  return rules.hiddenBy({ caller, request, endpoint: subject }) !== undefined;
}

function hiddenFrom(cache: ListingCache, caller: Caller, request: RequestContext): number[] {
  return cache.hideable.flatMap(([index, operation]) =>
    isHidden(operation, caller, request) ? [index] : [],
  );
}

/** True when this caller finds the operation in its list; costs the same with any number of endpoints. */
export function isListed(
  { project }: Runtime,
  caller: Caller,
  request: RequestContext,
  operation: Operation,
): boolean {
  return !project.policies.hideDenied || !isHidden(operation, caller, request);
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
