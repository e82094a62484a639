import { listOperations } from '../../engine/listing.js';
import type { Operation } from '../../engine/operation.js';
import type { EndpointKind } from '../../model/rule.js';
import {
  describePrompt,
  describeResource,
  describeTemplate,
  describeTool,
  isTemplate,
} from './describe-operation.js';
import { createPager, type Entry, type Pager } from './pages.js';
import { invalidCursor } from './protocol-errors.js';
import type { Session } from './session.js';

/** How long a client may keep a list answer, milliseconds. */
const listTtlMs = 60_000;

/** One page, with the cache fields that only the modern era has. */
interface ListAnswer<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
  readonly ttlMs?: number;
  readonly cacheScope?: 'private' | 'public';
}

type Describe<T> = (operation: Operation) => T | undefined;

/** A list method: its entries are described once per operation, its pages built once per visibility class. */
function createList<T>(kind: EndpointKind, describe: Describe<T>) {
  const described = new WeakMap<Operation, readonly Entry<T>[]>();
  const pagers = new WeakMap<readonly Operation[], Pager<T>>();

  function entriesOf(operation: Operation): readonly Entry<T>[] {
    let entries = described.get(operation);
    if (entries === undefined) {
      const value = describe(operation);
      entries = value === undefined ? [] : [{ name: operation.endpoint.name, value }];
      described.set(operation, entries);
    }
    return entries;
  }

  return (session: Session, cursor: string | undefined, meta: unknown): ListAnswer<T> => {
    const listing = listOperations(session.runtime(), session.caller, session.context(meta), kind);
    const { operations } = listing;
    let pager = pagers.get(operations);
    if (pager === undefined) {
      pager = createPager(operations.flatMap(entriesOf));
      pagers.set(operations, pager);
    }
    const page = pager(cursor);
    if (page === undefined) throw invalidCursor();
    if (session.era === 'legacy') return page;
    return { ...page, ttlMs: listTtlMs, cacheScope: listing.private ? 'private' : 'public' };
  };
}

/** `tools/list`. */
export const listTools = createList('tool', (operation) =>
  operation.endpoint.kind === 'tool' ? describeTool(operation, operation.endpoint) : undefined,
);

/** `resources/list`: the resources without placeholders. */
export const listResources = createList('resource', ({ endpoint }) =>
  endpoint.kind === 'resource' && !isTemplate(endpoint) ? describeResource(endpoint) : undefined,
);

/** `resources/templates/list`. */
export const listTemplates = createList('resource', ({ endpoint }) =>
  endpoint.kind === 'resource' && isTemplate(endpoint) ? describeTemplate(endpoint) : undefined,
);

/** `prompts/list`. */
export const listPrompts = createList('prompt', ({ endpoint }) =>
  endpoint.kind === 'prompt' ? describePrompt(endpoint) : undefined,
);
