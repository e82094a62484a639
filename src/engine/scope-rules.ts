import type { Problem } from '../errors.js';
import { connectScope } from '../auth/issuer/connect-scope.js';
import type { Caller } from '../model/caller.js';
import type { RequestContext } from '../model/call.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Project } from '../model/project.js';
import type { RoleResolver } from '../policy/compile-roles.js';
import type { Operation } from './operation.js';
import type { Registry } from './registry.js';

/** What scopes decide in one site; made when it is opened (spec page 06, "Tags and scopes"). */
export interface ScopeRules {
  /** Every scope that a call of the operation needs, sorted. */
  readonly required: (operation: Operation) => readonly string[];
  /** Every scope that some call needs, sorted. */
  readonly known: readonly string[];
  /** The scopes that the caller's roles allow now; undefined without a `roles` section: every one. */
  readonly allowed: (caller: Pick<Caller, 'role' | 'roles'>) => readonly string[] | undefined;
  /** The scopes that a call needs and the caller does not hold: the one decision for lists and calls. */
  readonly missing: (caller: Caller, operation: Operation) => readonly string[];
}

/** Every scope that a call of the endpoint needs, sorted. */
export function requiredBy({ tags, scopes }: Endpoint, { authorization }: Project): string[] {
  const { tagsAsScopes, scopedTags, requiredScopes } = authorization.scopes;
  const scoped = tagsAsScopes ? tags.filter((tag) => scopedTags === 'all' || scopedTags.includes(tag)) : [];
  return [...new Set([...scoped.map((tag) => `tag:${tag}`), ...scopes, ...requiredScopes])].sort();
}

const kinds = ['tool', 'resource', 'prompt'] as const;

/** Works out what each operation needs. */
export function createScopeRules(project: Project, registry: Registry, resolver: RoleResolver): ScopeRules {
  const operations = kinds.flatMap((kind) => registry.list(kind));
  const needs = new Map(operations.map((one) => [one, requiredBy(one.endpoint, project)]));
  const required = (operation: Operation): readonly string[] =>
    needs.get(operation) ?? requiredBy(operation.endpoint, project);
  // Where nothing asks for a credential, scopes count only for whom the operator gave some (spec page 06).
  const free = project.auth.open && project.authorization.scopes.anonymousScopes === undefined;
  return {
    required,
    known: [...new Set([...needs.values()].flat())].sort(),
    allowed: ({ role, roles }) => resolver.scopesOf(roles.length > 0 ? roles : [role]),
    missing: ({ scopes, source }, operation) => {
      if (scopes === 'all' || (free && source === 'anonymous')) return [];
      return required(operation).filter((scope) => !scopes.includes(scope));
    },
  };
}

/** True when the request did not narrow to other tags: of each list of tags, the endpoint has at least one. */
export function isWanted({ tagFilter = [] }: RequestContext, { endpoint }: Operation): boolean {
  return tagFilter.every((tags) => tags.some((tag) => endpoint.tags.includes(tag)));
}

/**
 * A warning where the answer to a client that asks for no scope is an empty list, because every endpoint needs one: the list
 * refuses nothing, so nothing says to the client what to ask for.
 */
export function checkDefaultScopes(project: Project): readonly Problem[] {
  const { endpoints, broken, auth, authorization, origin } = project;
  const held = new Set([connectScope, ...authorization.scopes.defaultScopes]);
  const isHidden = (endpoint: Endpoint): boolean =>
    requiredBy(endpoint, project).some((scope) => !held.has(scope));
  if (auth.issuer === undefined || endpoints.length === 0 || broken.length > 0) return [];
  if (!endpoints.every(isHidden)) return [];
  const message = 'A client that asks for no scope sees nothing here: every endpoint needs one';
  const remedy =
    'Name in authorization.default_scopes what such a client may ask people for, or leave an endpoint without scopes';
  return [{ severity: 'warning', rule: 'no-default-scopes', message, remedy, origin }];
}

/** A warning for each scope that endpoints need and no role allows: nobody who shows a credential could hold it. */
export function checkGrantableScopes(project: Project): readonly Problem[] {
  const { endpoints, auth, authorization, origin } = project;
  if (auth.open || authorization.roles === undefined) return [];
  const allowed = authorization.roles.flatMap(({ scopes = [] }) => scopes);
  const held = new Set([connectScope, ...allowed, ...(authorization.scopes.anonymousScopes ?? [])]);
  const lacking = new Set(endpoints.flatMap((endpoint) => requiredBy(endpoint, project)));
  return [...lacking]
    .filter((scope) => !held.has(scope))
    .map((scope) => ({
      severity: 'warning',
      rule: 'scope-of-no-role',
      message: `No role allows the scope "${scope}": nobody who signs in or has a key sees what needs it`,
      remedy: 'Name it in `scopes` of the roles under `authorization.roles` that may use it',
      origin,
    }));
}
