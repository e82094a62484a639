import type { JsonObject } from './json.js';

/**
 * How we know who is calling: `verified` by a credential that was checked on this request, `key` by an API key,
 * `asserted` by the local operator (stdio, command line), `anonymous` not at all.
 */
export type IdentitySource = 'verified' | 'key' | 'asserted' | 'anonymous';

/** Who is calling, for the lifetime of one request. Always present: anonymous is a value (spec pages 01 and 04). */
export interface Caller {
  readonly source: IdentitySource;
  /** `<provider or issuer>|<subject>`: unique across everything configured; null for anonymous callers. */
  readonly key: string | null;
  readonly userId: string | null;
  readonly username: string | null;
  readonly email: string | null;
  readonly name: string | null;
  readonly provider: string | null;
  /** The first assigned role; `anonymous` or `user` when none is. */
  readonly role: string;
  /** All assigned roles and what they include. */
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly groups: readonly string[];
  readonly capabilities: readonly string[];
  /** Scopes held on this request; `all` on stdio and the command line unless said otherwise (spec page 06). */
  readonly scopes: readonly string[] | 'all';
  readonly claims: JsonObject;
  /** The operating system's user behind an asserted identity. */
  readonly osUser: string | null;
  readonly clientId: string | null;
}

/** Identity fields that an operator or a test states: a persona of `users`, `user_context`, `-u` (spec page 04). */
export interface Persona {
  readonly userId?: string | null;
  readonly username?: string | null;
  readonly email?: string | null;
  readonly name?: string | null;
  readonly provider?: string | null;
  readonly role?: string | null;
  readonly roles?: readonly string[];
  readonly permissions?: readonly string[];
  readonly groups?: readonly string[];
  readonly capabilities?: readonly string[];
  readonly scopes?: readonly string[];
  /** Explicit claims, and every key that `user` does not have. */
  readonly claims: JsonObject;
}
