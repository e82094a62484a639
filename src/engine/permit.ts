import { InsufficientScopeError } from '../errors.js';
import { sha256 } from '../lib/sha256.js';
import type { Caller } from '../model/caller.js';
import type { Operation } from './operation.js';
import type { Progress } from './progress.js';
import { unknownEndpoint } from './resolve.js';
import type { Runtime } from './runtime.js';
import { isWanted } from './scope-rules.js';

/**
 * Lets a call pass whose caller holds every scope that it needs. Throws `AUTH_INSUFFICIENT_SCOPE` with all of them when the
 * caller's roles allow what is missing, so that he can ask for it. Otherwise there is no such endpoint for him, and the
 * record has the denial (spec page 04, "Seeing and calling").
 */
export function permit(runtime: Runtime, progress: Progress, operation: Operation): void {
  const { kind, name, caller, context } = progress.request;
  if (!isWanted(context, operation)) throw unknownEndpoint(kind, name);
  const missing = runtime.scopes.missing(caller, operation);
  if (missing.length === 0) return;
  const required = runtime.scopes.required(operation);
  const reason = `Missing scopes: ${missing.join(' ')}`;
  progress.denial = { rule: 'authorization/scopes', ruleHash: sha256(required.join(' ')), reason };
  progress.hidden = !canGet(runtime, caller, missing);
  throw new InsufficientScopeError(reason, required);
}

function canGet({ scopes }: Runtime, caller: Caller, missing: readonly string[]): boolean {
  if (caller.source === 'anonymous') return false;
  const allowed = scopes.allowed(caller);
  return allowed === undefined || missing.every((scope) => allowed.includes(scope));
}
