/** Longest scope, and most scopes of one request (spec page 06, "Tags and scopes"). */
export const longestScope = 100;

const token = /^[\x21\x23-\x5B\x5D-\x7E]+$/; // scope-token of RFC 6749, section 3.3
const tag = /^[a-zA-Z0-9_-]{1,50}$/;

/** True for a tag that can be a scope: letters, digits, `_` and `-`, at most 50. */
export function isScopeTag(text: string): boolean {
  return tag.test(text);
}

/** The tag of a scope `tag:<tag>`; undefined for any other scope. */
export function tagOfScope(scope: string): string | undefined {
  return scope.startsWith('tag:') ? scope.slice('tag:'.length) : undefined;
}

/** Why a text is no scope; undefined when it is one: a scope-token of RFC 6749 without wildcards, or `tag:<tag>`. */
export function wrongScope(text: string): string | undefined {
  if (text.length > longestScope) return `has more than ${longestScope} characters`;
  if (!token.test(text)) return 'has characters that a scope cannot have (RFC 6749)';
  if (text.includes('*')) return 'has a wildcard: scopes are exact';
  const named = tagOfScope(text);
  return named === undefined || isScopeTag(named)
    ? undefined
    : "names no tag: letters, digits, '_' and '-', at most 50";
}
