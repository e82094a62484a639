import { userInfo } from 'node:os';
import { deepFreeze } from '../lib/freeze.js';
import type { Caller, Persona } from '../model/caller.js';
import type { Transport } from '../model/call.js';
import type { Identity, RoleResolver } from '../policy/compile-roles.js';

function anonymousIdentity(transport: Transport): Identity {
  return {
    source: 'anonymous',
    key: null,
    userId: null,
    username: null,
    email: null,
    name: null,
    provider: null,
    scopes: transport === 'http' ? [] : 'all',
    claims: {},
    osUser: null,
    clientId: null,
  };
}

function osUser(): string | null {
  try {
    return userInfo().username;
  } catch {
    return null; // a user id without an account, as containers have it: there is no name to record
  }
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
): (transport: Transport, persona?: Persona) => Caller {
  const anonymous = new Map<Transport, Caller>();
  const asserted = new WeakMap<Persona, Map<Transport, Caller>>();
  return (transport, persona) => {
    const known = persona === undefined ? anonymous : (asserted.get(persona) ?? new Map<Transport, Caller>());
    if (persona !== undefined) asserted.set(persona, known);
    const caller = known.get(transport);
    if (caller) return caller;
    const identity =
      persona === undefined ? anonymousIdentity(transport) : assertedIdentity(persona, transport);
    const { caller: resolved, notes } = resolver.resolve(identity);
    notes.forEach(note);
    known.set(transport, deepFreeze(resolved));
    return resolved;
  };
}
