import { errors } from 'oidc-provider';
import { wrongScope } from '../../lib/scope-syntax.js';
import type { ScopeFacts } from '../scope-facts.js';
import { connectScope } from './connect-scope.js';

const maxScopes = 50;

function refuse(description: string): never {
  throw new errors.CustomOIDCProviderError('invalid_scope', description);
}

const withConnect = (scopes: readonly string[]): readonly string[] => [
  connectScope,
  ...scopes.filter((scope) => scope !== connectScope),
];

/**
 * The scopes that an authorization request asks for: the raw parameter's, else the site's defaults within `bound`, with `mcp` in front.
 * `bound`: what the operator lets this client ask for. Throws `invalid_scope`: more than 50, one twice, one that is no scope,
 * a wildcard, or one that nothing here needs.
 */
export function readScopes(raw: unknown, facts: ScopeFacts, bound?: readonly string[]): readonly string[] {
  if (raw !== undefined && typeof raw !== 'string') refuse('scope must come once');
  const mayHave = (scope: string): boolean => scope === connectScope || (bound?.includes(scope) ?? true);
  if (raw === undefined || raw === '') return withConnect(facts.defaults.filter(mayHave));
  const asked = raw.split(' ');
  if (asked.length > maxScopes) refuse(`at most ${maxScopes} scopes can be asked for`);
  if (new Set(asked).size < asked.length) refuse('a scope is asked for twice');
  const known = new Set([connectScope, ...facts.known]);
  for (const scope of asked) {
    const why = wrongScope(scope);
    if (why !== undefined) refuse(`a scope ${why}`);
    if (!known.has(scope)) refuse('a scope is asked for that does not exist here');
    if (!mayHave(scope)) refuse('a scope is asked for that this client may not have');
  }
  return withConnect(asked);
}

/** What is granted: asked, ticked, and allowed by the person's roles now. `allowed` undefined: roles bound nothing. */
export function grantScopes(
  asked: readonly string[],
  ticked: readonly string[],
  allowed: readonly string[] | undefined,
): readonly string[] {
  const may = allowed && new Set(allowed);
  const chosen = asked.filter((scope) => ticked.includes(scope) && (may?.has(scope) ?? true));
  return withConnect(chosen);
}
