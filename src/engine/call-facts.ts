import type { CallFacts } from '../execute/typescript/protocol.js';
import type { Caller } from '../model/caller.js';
import type { Limits } from '../model/endpoint.js';
import type { JsonObject } from '../model/json.js';
import type { ExecuteCall } from './executor.js';

const known = new WeakMap<Caller, JsonObject>();

/** The caller as rules and bodies see him (spec page 04, `user`). */
function userFacts(caller: Caller): JsonObject {
  const before = known.get(caller);
  if (before) return before;
  const { key, userId, username, email, name, provider, role } = caller;
  const { roles, permissions, groups, capabilities, scopes, claims } = caller;
  const identity = { key, user_id: userId, id: userId, username, email, name, provider, role };
  const facts = { ...identity, roles, permissions, groups, capabilities, scopes, claims };
  known.set(caller, facts);
  return facts;
}

/** What a body is told of its call. Nothing in it is a credential: headers that carry one are absent from every context. */
export function callFacts({ caller, request, callId, http }: ExecuteCall, limits: Limits): CallFacts {
  const { id, transport, headers, ip, client, traceId } = request;
  return {
    user: userFacts(caller),
    request: {
      id,
      call_id: callId,
      transport,
      headers,
      ip: ip ?? null,
      client: client ? { ...client } : null,
    },
    traceId: traceId ?? null,
    ...(http && { http }),
    maxBytes: limits.maxBytes * 2 + 65_536, // JSON of a worker is counted otherwise than JSON of a result
  };
}

/** Who shares a worker: one person's calls do, and those of all who are anonymous (spec page 08, "Isolation"). */
export function callerName({ key, source, provider, username, email }: Caller): string {
  return JSON.stringify(key ?? [source, provider, username, email]);
}
