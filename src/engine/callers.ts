import { connectScope } from '../auth/issuer/connect-scope.js';
import { deepFreeze } from '../lib/freeze.js';
import { osUser } from '../lib/os-user.js';
import type { Caller, Persona } from '../model/caller.js';
import type { Transport } from '../model/call.js';
import type { VerifiedIdentity } from '../auth/identity.js';
import type { Identity, RoleResolver } from '../policy/compile-roles.js';
import type { ScopeRules } from './scope-rules.js';

function anonymousIdentity(transport: Transport, scopes: readonly string[] = []): Identity {
  return {
    source: 'anonymous',
    key: null,
    userId: null,
    username: null,
    email: null,
    name: null,
    provider: null,
    scopes: transport === 'http' ? scopes : 'all',
    claims: {},
    osUser: null,
    clientId: null,
  };
}

function assertedIdentity(persona: Persona, transport: Transport): Identity {
  const { scopes, provider, userId, ...rest } = persona;
  const named = {
    ...anonymousIdentity(transport),
    ...rest,
    provider: provider ?? null,
    userId: userId ?? null,
  };
  return {
    ...named,
    source: 'asserted',
    key: userId == null ? null : `${provider ?? 'local'}|${userId}`,
    scopes: scopes ?? 'all',
    osUser: osUser(),
  };
}

/**
 * Tells the caller of a transport that has no credentials: anonymous, or who the operator says (a persona of the site, `-u`,
 * `stdio.user_context`), with roles from the persona and from `assign`. Each is resolved once; `note` hears what was odd
 * about it, without values.
 */
export function localCallers(
  resolver: RoleResolver,
  note: (text: string) => void,
  anonymousScopes: readonly string[] = [],
): (transport: Transport, persona?: Persona) => Caller {
  const anonymous = new Map<Transport, Caller>();
  const asserted = new WeakMap<Persona, Map<Transport, Caller>>();
  return (transport, persona) => {
    const known = persona === undefined ? anonymous : (asserted.get(persona) ?? new Map<Transport, Caller>());
    if (persona !== undefined) asserted.set(persona, known);
    const caller = known.get(transport);
    if (caller) return caller;
    const identity =
      persona === undefined
        ? anonymousIdentity(transport, anonymousScopes)
        : assertedIdentity(persona, transport);
    const { caller: resolved, notes } = resolver.resolve(identity);
    notes.forEach(note);
    known.set(transport, deepFreeze(resolved));
    return resolved;
  };
}

/** To connect is no right that a role gives, or takes (spec page 06, "Authorization server"). */
function boundScopes(identity: VerifiedIdentity, allowed: readonly string[] | undefined): readonly string[] {
  if (identity.scopes === 'by-roles') return allowed ?? [];
  if (allowed === undefined) return identity.scopes;
  return identity.scopes.filter((scope) => scope === connectScope || allowed.includes(scope));
}

/** What a credential says, as the role resolver reads it. */
export function toIdentity(verified: VerifiedIdentity): Identity {
  const { source, provider, key, userId, username, email, name, claims, clientId } = verified;
  const { role, roles, permissions, groups, capabilities } = verified;
  const stated = { role, roles, permissions, groups, capabilities };
  return {
    source,
    provider,
    key,
    userId,
    username,
    email,
    name,
    claims,
    clientId,
    osUser: null,
    scopes: [],
    ...stated,
  };
}

/**
 * Tells the caller behind a verified credential: with the roles that his claims and `assign` give, and the scopes of the
 * credential as far as these roles allow them. Resolved once per identity object, which lives no longer than a verified
 * result may be kept; `note` hears what was odd.
 */
export function verifiedCallers(
  resolver: RoleResolver,
  allowed: ScopeRules['allowed'],
  note: (text: string) => void,
): (identity: VerifiedIdentity) => Caller {
  const callers = new WeakMap<VerifiedIdentity, Caller>();
  return (identity) => {
    const known = callers.get(identity);
    if (known) return known;
    const { caller, notes } = resolver.resolve(toIdentity(identity));
    notes.forEach(note);
    const bound = deepFreeze({ ...caller, scopes: boundScopes(identity, allowed(caller)) });
    callers.set(identity, bound);
    return bound;
  };
}
