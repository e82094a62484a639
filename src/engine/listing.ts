import type { Caller } from '../model/caller.js';
import type { RequestContext } from '../model/call.js';
import type { EndpointKind } from '../model/rule.js';
import type { Listing, ListingCache } from './listing-cache.js';
import type { Operation } from './operation.js';
import type { Runtime } from './runtime.js';
import { isWanted } from './scope-rules.js';

const rememberedListings = 256;

function isHidden({ rules, subject }: Operation, caller: Caller, request: RequestContext): boolean {
  return rules.hiddenBy({ caller, request, endpoint: subject }) !== undefined;
}

function hiddenFrom(cache: ListingCache, caller: Caller, request: RequestContext): number[] {
  return cache.hideable.flatMap(([index, operation]) =>
    isHidden(operation, caller, request) ? [index] : [],
  );
}

/** True when the caller holds every scope that the operation needs, and did not narrow the request to other tags. */
function isWithinScopes(
  { scopes }: Runtime,
  caller: Caller,
  request: RequestContext,
  operation: Operation,
): boolean {
  return isWanted(request, operation) && scopes.missing(caller, operation).length === 0;
}

/** True when this caller finds the operation in its list; costs the same with any number of endpoints. */
export function isListed(
  runtime: Runtime,
  caller: Caller,
  request: RequestContext,
  operation: Operation,
): boolean {
  if (!isWithinScopes(runtime, caller, request, operation)) return false;
  return !runtime.project.policies.hideDenied || !isHidden(operation, caller, request);
}

/**
 * The operations of a kind that this caller sees (spec pages 04, "Seeing and calling", and 06): decided by the same scopes
 * and compiled rules that decide a call. Operations that need the same scopes and have the same tags are decided once.
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
  const closed = cache.classes.filter(
    ({ operations: [first] }) => !isWithinScopes(runtime, caller, request, first),
  );
  const key = `${hidden.join()} ${closed.map(({ index }) => index).join()}`;
  const known = cache.listings.get(key);
  if (known) return known;
  const absent = new Set([
    ...hidden.map((index) => all[index]),
    ...closed.flatMap(({ operations }) => operations),
  ]);
  const operations = Object.freeze(all.filter((operation) => !absent.has(operation)));
  const listing: Listing = Object.freeze({
    operations,
    private: hide || cache.scoped,
  });
  if (cache.listings.size >= rememberedListings) cache.listings.clear();
  cache.listings.set(key, listing);
  return listing;
}
