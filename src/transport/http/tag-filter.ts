/**
 * What `?tags=` on the MCP URL narrows a request to (spec page 06): `tags=a,b` to endpoints with one of these tags; given
 * more than once, to those that each of them leaves. Names are exact: what is no tag of any endpoint leaves none, so that
 * `-a`, `*` or nothing at all can only narrow. Undefined when it is not given.
 */
export function tagFilterOf(query: URLSearchParams): readonly (readonly string[])[] | undefined {
  const given = query.getAll('tags');
  if (given.length === 0) return undefined;
  return given.map((tags) => tags.split(',').map((tag) => tag.trim()));
}
