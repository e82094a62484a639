import { tagOfScope } from '../../lib/scope-syntax.js';
import { connectScope } from './connect-scope.js';

/** A scope as a person reads it. */
export function scopeWords(scope: string): string {
  if (scope === connectScope) return 'Connect to this server as you';
  const tag = tagOfScope(scope);
  return tag === undefined ? `Use what needs the permission “${scope}”` : `Use everything tagged “${tag}”`;
}
