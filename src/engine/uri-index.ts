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

function descend<T>(node: TrieNode<T>, segments: readonly string[], at: number): UriMatch<T> | undefined {
  const segment = segments[at];
  if (segment === undefined)
    return node.value === undefined ? undefined : { value: node.value, variables: [] };
  const literal = node.literals.get(segment);
  const found = literal && descend(literal, segments, at + 1);
  if (found) return found;
  for (const { pattern, node: next } of node.patterns.values()) {
    const values = matchSegment(pattern, segment);
    const rest = values && descend(next, segments, at + 1);
    if (!rest) continue;
    const own = pattern.names.map((name, i) => [name, values[i] ?? ''] as const);
    return { value: rest.value, variables: [...own, ...rest.variables] };
  }
  return undefined;
}

/**
 * An index of URI templates (RFC 6570 level 1, a placeholder spans one path segment) and static URIs. A literal segment
 * wins over a placeholder; the cost of a look-up depends on the URI, not on the number of templates.
 */
export function indexUris<T>(
  entries: Iterable<readonly [template: string, value: T]>,
): (uri: string) => UriMatch<T> | undefined {
  const root = newNode<T>();
  for (const [template, value] of entries) insert(root, template, value);
  return (uri) => (uri.length > maxUriLength ? undefined : descend(root, uri.split('/'), 0));
}
