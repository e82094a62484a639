import type { Problem } from '../errors.js';
import type { Caller } from '../model/caller.js';
import type { RequestContext } from '../model/call.js';
import type { Json } from '../model/json.js';
import type { Authorization, Role, RoleAssignment } from '../model/rule.js';
import type { Condition } from './cel/compile-condition.js';
import { createFrame } from './cel/frame.js';
import { adminCapability, loadCondition, type ConditionSite } from './check-condition.js';
import { readClaimList } from './claim-list.js';
import { evaluate } from './evaluate.js';

/** Who is calling, before roles: what a credential's claims or a persona say. Lists may still be of any form. */
export interface Identity extends Omit<Caller, 'role' | 'roles' | 'permissions' | 'groups' | 'capabilities'> {
  readonly role?: string | null | undefined;
  readonly roles?: Json | undefined;
  readonly permissions?: Json | undefined;
  readonly groups?: Json | undefined;
  readonly capabilities?: Json | undefined;
}

/** A caller with roles, and what was odd about the identity, for the log. Notes contain no values. */
interface ResolvedCaller {
  readonly caller: Caller;
  readonly notes: readonly string[];
}

/** Gives callers their roles and capabilities. */
export interface RoleResolver {
  resolve(identity: Identity): ResolvedCaller;
  /** The scopes that these roles and what they include allow; undefined when the site has no `roles` section. */
  scopesOf(roles: readonly string[]): readonly string[] | undefined;
}

/** What roles are compiled against. */
export interface RoleContext {
  /** Every capability that rules and mappings name; `*` means these where there is no catalogue. */
  readonly capabilities: readonly string[];
  readonly severalProviders: boolean;
}

interface Assignment {
  readonly role: string;
  readonly when: Condition;
}

interface RoleTable {
  readonly roles: ReadonlyMap<string, Role>;
  readonly everything: readonly string[];
}

/** The catalogue of capabilities of a site that has one. */
export function catalogueOf(authorization: Authorization): ReadonlySet<string> | undefined {
  return authorization.capabilities && new Set(Object.keys(authorization.capabilities));
}

/** The names of the roles of a site that declares some. */
export function declaredRoles({ roles }: Authorization): ReadonlySet<string> | undefined {
  return roles && new Set(roles.map(({ name }) => name));
}

function everyCapability(authorization: Authorization, named: readonly string[]): string[] {
  const catalogue = catalogueOf(authorization);
  const inRoles = (authorization.roles ?? []).flatMap((role) => role.capabilities);
  const all = new Set(catalogue ?? [...inRoles, ...named]);
  return [...all].filter((name) => name !== '*' && name !== adminCapability).sort();
}

/** These roles and everything that they include. Names without a role are kept: they give nothing beyond the name. */
function includedBy(names: Iterable<string>, roles: ReadonlyMap<string, Role>): Set<string> {
  const found = new Set(names);
  // A set that grows while it is iterated visits what was added.
  for (const name of found) for (const included of roles.get(name)?.includes ?? []) found.add(included);
  return found;
}

function compileAssignment({ role, when }: RoleAssignment, site: ConditionSite): Assignment[] {
  const condition = loadCondition(when, 'assign', site);
  return condition ? [{ role, when: condition }] : [];
}

const noRequest: RequestContext = { transport: 'api', id: '', time: 0, headers: {} };

/** The roles that `assign` gives. A `when` that cannot be evaluated gives none, because roles only grant. */
function assignedRoles(assignments: readonly Assignment[], caller: Caller, notes: string[]): string[] {
  const endpoint = { kind: 'tool', name: '', tags: [] } as const;
  const frame = createFrame({ caller, request: noRequest, endpoint }, undefined);
  return assignments.flatMap(({ role, when }) => {
    const verdict = evaluate(when, frame);
    if (verdict.matched === 'not-evaluable') notes.push(`assign of role ${role}: ${verdict.error}`);
    return verdict.matched === true ? [role] : [];
  });
}

function readList(name: string, claim: Json | undefined, notes: string[]): readonly string[] {
  const { values, ignored } = readClaimList(claim);
  if (ignored) notes.push(`${name} is neither a list of strings nor a string and was ignored`);
  return values;
}

function capabilitiesOf(roles: Iterable<string>, table: RoleTable, own: readonly string[]): string[] {
  const all = new Set(own);
  for (const role of roles) for (const name of table.roles.get(role)?.capabilities ?? []) all.add(name);
  if (all.delete('*')) for (const name of table.everything) all.add(name);
  return [...all];
}

function defaultRole(identity: Identity): string {
  return identity.source === 'anonymous' ? 'anonymous' : 'user';
}

function withoutRoles(identity: Identity, notes: string[]): Caller {
  return {
    ...identity,
    role: identity.role ?? defaultRole(identity),
    roles: readList('roles', identity.roles, notes),
    permissions: readList('permissions', identity.permissions, notes),
    groups: readList('groups', identity.groups, notes),
    capabilities: readList('capabilities', identity.capabilities, notes).filter((name) => name !== '*'),
  };
}

function resolveCaller(
  identity: Identity,
  assignments: readonly Assignment[],
  table: RoleTable,
): ResolvedCaller {
  const notes: string[] = [];
  const bare = withoutRoles(identity, notes);
  const assigned = assignedRoles(assignments, bare, notes);
  const stated = typeof identity.role === 'string' ? [identity.role] : [];
  const held = [...stated, ...bare.roles, ...assigned];
  const role = stated[0] ?? assigned[0] ?? bare.roles[0] ?? defaultRole(identity);
  const roles = [...includedBy(held, table.roles)];
  const effective = roles.length > 0 ? roles : [...includedBy([role], table.roles)];
  const capabilities = capabilitiesOf(effective, table, bare.capabilities);
  return { caller: { ...bare, role, roles, capabilities }, notes };
}

/**
 * Compiles `authorization` (spec page 04, "Roles, capabilities, site-wide rules"): `assign` conditions must load. A role
 * that does not exist gives nothing beyond its name, and one that includes itself nothing more.
 */
export function compileRoles(
  authorization: Authorization,
  context: RoleContext,
): { readonly resolver: RoleResolver; readonly problems: readonly Problem[] } {
  const roles = new Map((authorization.roles ?? []).map((role) => [role.name, role]));
  const problems: Problem[] = [];
  const catalogue = catalogueOf(authorization);
  const site: ConditionSite = {
    context: { catalogue, roles: declaredRoles(authorization), severalProviders: context.severalProviders },
    parameters: new Map(),
    problems,
  };
  const table: RoleTable = { roles, everything: everyCapability(authorization, context.capabilities) };
  const assignments = authorization.assign.flatMap((assignment) => compileAssignment(assignment, site));
  const resolver: RoleResolver = {
    resolve: (identity) => resolveCaller(identity, assignments, table),
    scopesOf: (names) => authorization.roles && scopesOf(names, roles),
  };
  return { resolver, problems };
}

function scopesOf(names: readonly string[], roles: ReadonlyMap<string, Role>): string[] {
  return [...new Set([...includedBy(names, roles)].flatMap((name) => roles.get(name)?.scopes ?? []))];
}
