/** A URI that matched, with the decoded value of each placeholder. */
export interface UriMatch<T> {
  readonly value: T;
  readonly variables: readonly (readonly [name: string, value: string])[];
}

/** `invoice-{id}.pdf`: names `[id]` between literals `['invoice-', '.pdf']`. */
interface SegmentPattern {
  readonly literals: readonly string[];
  readonly names: readonly string[];
}

interface TrieNode<T> {
  readonly literals: Map<string, TrieNode<T>>;
  readonly patterns: Map<string, { readonly pattern: SegmentPattern; readonly node: TrieNode<T> }>;
  value?: T;
}

const maxUriLength = 8192;

function newNode<T>(): TrieNode<T> {
  return { literals: new Map(), patterns: new Map() };
}

function parseSegment(segment: string): SegmentPattern {
  const parts = segment.split(/\{([A-Za-z_][A-Za-z0-9_]*)\}/);
  return { literals: parts.filter((_, i) => i % 2 === 0), names: parts.filter((_, i) => i % 2 === 1) };
}

function insert<T>(root: TrieNode<T>, template: string, value: T): void {
  let node = root;
  for (const segment of template.split('/')) {
    const pattern = parseSegment(segment);
    let next: TrieNode<T> | undefined;
    if (pattern.names.length === 0) {
      next = node.literals.get(segment) ?? newNode<T>();
      node.literals.set(segment, next);
    } else {
      next = node.patterns.get(segment)?.node ?? newNode<T>();
      node.patterns.set(segment, { pattern, node: next });
    }
    node = next;
  }
  node.value = value;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // a malformed escape is no value of a placeholder, so the URI matches nothing
  }
}

/** Leftmost match, each placeholder at least one character; linear, because a literal that fits early also fits all later ones. */
function matchSegment(pattern: SegmentPattern, segment: string): string[] | undefined {
  const last = pattern.literals.length - 1;
  const first = pattern.literals[0] ?? '';
  const tail = pattern.literals[last] ?? '';
  if (!segment.startsWith(first) || !segment.endsWith(tail)) return undefined;
  const values: string[] = [];
  let position = first.length;
  for (let i = 1; i <= last; i++) {
    const literal = pattern.literals[i] ?? '';
    const end = i === last ? segment.length - tail.length : segment.indexOf(literal, position + 1);
    if (end < position + 1) return undefined;
    const value = decode(segment.slice(position, end));
    if (value === undefined) return undefined;
    values.push(value);
    position = end + literal.length;
  }
  return values;
}

/** Appends every match below a node, the one with the most literal segments first. */
function collect<T>(
  node: TrieNode<T>,
  segments: readonly string[],
  at: number,
  variables: UriMatch<T>['variables'],
  found: UriMatch<T>[],
): void {
  const segment = segments[at];
  if (segment === undefined) {
    if (node.value !== undefined) found.push({ value: node.value, variables });
    return;
  }
  const literal = node.literals.get(segment);
  if (literal) collect(literal, segments, at + 1, variables, found);
  for (const { pattern, node: next } of node.patterns.values()) {
    const values = matchSegment(pattern, segment);
    if (values === undefined) continue;
    const own = pattern.names.map((name, i) => [name, values[i] ?? ''] as const);
    collect(next, segments, at + 1, [...variables, ...own], found);
  }
}

/**
 * An index of URI templates (RFC 6570 level 1, a placeholder spans one path segment) and static URIs. It gives every
 * match, one with a literal segment before one with a placeholder there; the cost of a look-up depends on the URI and on
 * what it matches, not on the number of templates.
 */
export function indexUris<T>(
  entries: Iterable<readonly [template: string, value: T]>,
): (uri: string) => readonly UriMatch<T>[] {
  const root = newNode<T>();
  for (const [template, value] of entries) insert(root, template, value);
  return (uri) => {
    const found: UriMatch<T>[] = [];
    if (uri.length <= maxUriLength) collect(root, uri.split('/'), 0, [], found);
    return found;
  };
}
