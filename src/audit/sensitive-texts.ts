import type { TypeNode } from '../model/type-node.js';
import { redacted } from './redacted.js';

const maxTexts = 1000;
const maxDepth = 64;

function collect(
  value: unknown,
  node: TypeNode | undefined,
  inside: boolean,
  found: Set<string>,
  depth: number,
): void {
  if (found.size >= maxTexts || depth > maxDepth) return;
  const sensitive = inside || (node !== undefined && isSecret(value, node));
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') {
    if (sensitive && value !== '') found.add(String(value));
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, node?.items, sensitive, found, depth + 1);
  } else if (typeof value === 'object' && value !== null) {
    collectMembers(value as Readonly<Record<string, unknown>>, node, sensitive, found, depth);
  }
}

/** A value that does not have the declared shape may be what belongs into a sensitive place further down. */
function isSecret(value: unknown, node: TypeNode): boolean {
  if (node.sensitive === true) return true;
  const shape = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  const misplaced = shape !== node.type && (node.type === 'array' || node.type === 'object');
  return misplaced && hasSensitive(node);
}

function collectMembers(
  value: Readonly<Record<string, unknown>>,
  node: TypeNode | undefined,
  inside: boolean,
  found: Set<string>,
  depth: number,
): void {
  for (const key of Object.keys(value)) {
    const child = node?.properties?.find(({ name }) => name === key)?.node;
    collect(value[key], child, inside, found, depth + 1);
  }
}

/** Whether anything below a node is sensitive; asked once per endpoint. */
export function hasSensitive(node: TypeNode): boolean {
  return (
    node.sensitive === true ||
    (node.items !== undefined && hasSensitive(node.items)) ||
    (node.properties ?? []).some(({ node: child }) => hasSensitive(child))
  );
}

/** A text in which no sensitive argument's value is left, wherever it came from: an error quotes what it likes. */
export function hideArguments(text: string, values: unknown, nodes: ReadonlyMap<string, TypeNode>): string {
  if (typeof values !== 'object' || values === null) return text;
  const found = new Set<string>();
  for (const [name, node] of nodes) {
    if (Object.hasOwn(values, name))
      collect((values as Record<string, unknown>)[name], node, false, found, 0);
  }
  const longestFirst = [...found].sort((left, right) => right.length - left.length);
  return longestFirst.reduce((left, secret) => left.split(secret).join(redacted), text);
}
