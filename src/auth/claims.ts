import { bareObject } from '../lib/bare-object.js';
import { isObject } from '../lib/is-object.js';
import type { ClaimMapping, ClaimSettings } from '../model/auth-settings.js';
import type { Json, JsonObject } from '../model/json.js';

/** Levels of nesting that claims may have; what lies deeper is left out. */
const maxDepth = 16;

function toJson(value: unknown, depth: number): Json | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (depth === 0) return undefined;
  if (Array.isArray(value)) return value.flatMap((item) => toJson(item, depth - 1) ?? []);
  return isObject(value) ? toClaims(value, depth - 1) : undefined;
}

/** Claims as data: objects without a prototype, so that `__proto__` is a name like any other; what is no JSON is left out. */
export function toClaims(source: object, depth: number = maxDepth): JsonObject {
  const claims = bareObject<Json>();
  for (const [name, value] of Object.entries(source)) {
    const json = toJson(value, depth);
    if (json !== undefined) claims[name] = json;
  }
  return claims;
}

/**
 * The claim of this name, else what the dotted path leads to: names that are URIs have dots too (spec page 06, "Providers").
 * Only own members count.
 */
export function readClaim(claims: JsonObject, path: string): Json | undefined {
  if (Object.hasOwn(claims, path)) return claims[path];
  let found: Json | undefined = claims;
  for (const name of path.split('.')) {
    if (!isObject(found) || !Object.hasOwn(found, name)) return undefined;
    found = found[name];
  }
  return found;
}

/** True when the claim is this value, has it in its list, or among its words. */
function says(claim: Json | undefined, value: string): boolean {
  if (Array.isArray(claim)) return (claim as readonly Json[]).some((item) => isScalar(item, value));
  return isScalar(claim, value) || (typeof claim === 'string' && claim.split(/\s+/).includes(value));
}

function isScalar(claim: Json | undefined, value: string): boolean {
  if (typeof claim === 'number' || typeof claim === 'boolean') return String(claim) === value;
  return claim === value;
}

function capabilitiesOf(claims: JsonObject, mappings: readonly ClaimMapping[]): string[] {
  const held = mappings.filter(({ claim, value }) => says(readClaim(claims, claim), value));
  return [...new Set(held.flatMap(({ capabilities }) => capabilities))];
}

/** The fields of an identity that the operator's settings take from claims, as these came: the role resolver reads any form. */
export interface MappedClaims {
  readonly role?: string;
  /** Where `role_claim` names a list. */
  readonly roles?: Json;
  readonly permissions?: Json;
  readonly groups?: Json;
  readonly capabilities?: Json;
}

/**
 * Applies `role_claim`, `permissions_claim`, `groups_claim` and `claim_mappings`. A role claim that is a list gives `roles`.
 * `groups` is read from the claim `groups` where nothing else is said.
 */
export function mapClaims(claims: JsonObject, settings: ClaimSettings): MappedClaims {
  const { roleClaim, permissionsClaim, groupsClaim, claimMappings } = settings;
  const role = roleClaim === undefined ? undefined : readClaim(claims, roleClaim);
  const permissions = permissionsClaim === undefined ? undefined : readClaim(claims, permissionsClaim);
  const groups = readClaim(claims, groupsClaim ?? 'groups');
  return {
    ...(typeof role === 'string' && role !== '' && { role }),
    ...(Array.isArray(role) && { roles: role as readonly Json[] }),
    ...(permissions !== undefined && { permissions }),
    ...(groups !== undefined && { groups }),
    ...(claimMappings.length > 0 && { capabilities: capabilitiesOf(claims, claimMappings) }),
  };
}
