/** One step of a field path: a name, any one name (`*`), or any number of names (`**`). */
export type Segment =
  { readonly kind: 'name'; readonly name: string } | { readonly kind: 'any' } | { readonly kind: 'deep' };

/** A parsed field path. Arrays on the way are stepped through; `items`: the path ends in `[]`, each item of an array. */
export interface FieldPattern {
  readonly segments: readonly Segment[];
  readonly items: boolean;
}

const token = /^(?:"([^"]+)"|(\*\*)|(\*)|([^".[\]*]+))(\[\])?/;

function segmentOf(match: RegExpExecArray): Segment {
  const [, quoted, deep, any, name] = match;
  if (deep !== undefined) return { kind: 'deep' };
  if (any !== undefined) return { kind: 'any' };
  return { kind: 'name', name: quoted ?? name ?? '' };
}

/**
 * Parses a field path (spec page 04): `salary`, `address.street`, `orders.card`, `orders[].card`, `*.ssn`, `**.ssn`.
 * A name that contains a dot, a star or a bracket is written in double quotes. Undefined when it is none.
 */
export function parseFieldPath(path: string): FieldPattern | undefined {
  const segments: Segment[] = [];
  let rest = path.trim();
  for (;;) {
    const match = token.exec(rest);
    if (!match) return undefined;
    segments.push(segmentOf(match));
    rest = rest.slice(match[0].length);
    if (rest === '') return finish(segments, match[5] !== undefined);
    if (!rest.startsWith('.')) return undefined;
    rest = rest.slice(1);
  }
}

function finish(segments: readonly Segment[], items: boolean): FieldPattern | undefined {
  return segments.at(-1)?.kind === 'deep' ? undefined : { segments, items };
}

/** True for a path that names every top-level field, which is the whole result. */
export function namesEverything(pattern: FieldPattern): boolean {
  return pattern.segments.every((segment) => segment.kind !== 'name');
}

/** A field name for comparison: SQL folds case. */
export function foldName(name: string, fold: boolean): string {
  return fold ? name.toLowerCase() : name;
}

/** True when one step of a path accepts a field name. */
export function acceptsName(segment: Segment, name: string, fold: boolean): boolean {
  return segment.kind !== 'name' || foldName(segment.name, fold) === foldName(name, fold);
}
