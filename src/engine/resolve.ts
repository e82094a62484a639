import { EndpointInvalidError, UnknownEndpointError } from '../errors.js';
import type { CallRequest } from '../model/call.js';
import type { EndpointKind } from '../model/rule.js';
import type { Operation } from './operation.js';
import { isListed } from './listing.js';
import type { ResourceMatch } from './registry.js';
import type { Runtime } from './runtime.js';

/** An operation and the raw arguments of one call of it. */
export interface Resolved {
  readonly operation: Operation;
  readonly raw: unknown;
}

/** The text that every transport shows for a name that does not exist for this caller. */
export function unknownEndpoint(kind: EndpointKind, name: string): UnknownEndpointError {
  const noun = { tool: 'Unknown tool', resource: 'Resource not found', prompt: 'Unknown prompt' }[kind];
  return new UnknownEndpointError(`${noun}: ${name.length > 256 ? `${name.slice(0, 256)}…` : name}`);
}

function invalid(kind: EndpointKind, name: string): EndpointInvalidError {
  return new EndpointInvalidError(`The ${kind} ${name} has errors and is not served`);
}

/** Where the best match is hidden from this caller, the next one that he sees, as if there were only those in his lists. */
function visibleMatch(runtime: Runtime, { name, caller, context }: CallRequest): ResourceMatch | undefined {
  const matches = runtime.registry.matchResources(name);
  if (matches.length <= 1) return matches[0];
  const seen = ({ operation }: ResourceMatch): boolean =>
    operation === undefined || isListed(runtime, caller, context, operation);
  return matches.find(seen) ?? matches[0];
}

function resolveResource(runtime: Runtime, request: CallRequest): Resolved | undefined {
  const { registry } = runtime;
  const byTemplate = request.arguments === undefined ? undefined : registry.find('resource', request.name);
  if (byTemplate) return { operation: byTemplate, raw: request.arguments };
  const match = visibleMatch(runtime, request);
  if (!match) return undefined;
  if (match.operation === undefined) throw invalid('resource', request.name);
  const raw: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of match.variables) raw[name] = value;
  return { operation: match.operation, raw };
}

/**
 * Name → operation, and the raw arguments: for a resource, those in its URI (a template's own name is taken together with
 * explicit arguments). Throws `CALL_UNKNOWN_ENDPOINT`, or `CALL_ENDPOINT_INVALID` for one that `--ignore-errors` left out.
 */
export function resolve(runtime: Runtime, request: CallRequest): Resolved {
  const { kind, name } = request;
  if (runtime.registry.isBroken(kind, name)) throw invalid(kind, name);
  if (kind === 'resource') {
    const found = resolveResource(runtime, request);
    if (found) return found;
  } else {
    const operation = runtime.registry.find(kind, name);
    if (operation) return { operation, raw: request.arguments ?? {} };
  }
  throw unknownEndpoint(kind, name);
}
