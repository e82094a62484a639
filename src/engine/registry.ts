import type { Endpoint } from '../model/endpoint.js';
import type { BrokenEndpoint } from '../model/project.js';
import type { EndpointKind } from '../model/rule.js';
import type { Operation } from './operation.js';
import { indexUris } from './uri-index.js';

/** A resource that a concrete URI names, with the decoded text of each placeholder. */
export interface ResourceMatch {
  /** Undefined for one that `--ignore-errors` left out: what it guards must not be served by a broader template. */
  readonly operation: Operation | undefined;
  readonly variables: readonly (readonly [name: string, value: string])[];
}

/** Read-only map from kind and name to `Operation`. */
export interface Registry {
  readonly find: (kind: EndpointKind, name: string) => Operation | undefined;
  /** The resources whose URI or template a concrete URI matches, the most literal first. */
  readonly matchResources: (uri: string) => readonly ResourceMatch[];
  /** All operations of a kind, in the stable order in which they are listed. */
  readonly list: (kind: EndpointKind) => readonly Operation[];
  /** True when `--ignore-errors` left this endpoint out. */
  readonly isBroken: (kind: EndpointKind, name: string) => boolean;
}

const kinds = ['tool', 'resource', 'prompt'] as const satisfies readonly Endpoint['kind'][];

/** Builds the registry; expects names to be unique within a kind (the project proved it). */
export function buildRegistry(operations: readonly Operation[], broken: readonly BrokenEndpoint[]): Registry {
  const byKind = new Map(kinds.map((kind) => [kind, new Map<string, Operation>()]));
  for (const operation of operations)
    byKind.get(operation.endpoint.kind)?.set(operation.endpoint.name, operation);
  const lists = new Map(kinds.map((kind) => [kind, Object.freeze([...(byKind.get(kind)?.values() ?? [])])]));
  const brokenKeys = new Set(broken.map(({ kind, name }) => `${kind ?? ''}/${name ?? ''}`));
  const left = broken.flatMap(({ kind, name }) => (kind === 'resource' && name !== undefined ? [name] : []));
  const findUri = indexUris<Operation | null>([
    ...left.map((name) => [name, null] as const),
    ...(byKind.get('resource') ?? []),
  ]);
  return {
    find: (kind, name) => byKind.get(kind)?.get(name),
    matchResources: (uri) =>
      findUri(uri).map(({ value, variables }) => ({ operation: value ?? undefined, variables })),
    list: (kind) => lists.get(kind) ?? [],
    isBroken: (kind, name) => brokenKeys.has(`${kind}/${name}`),
  };
}
