import { EndpointInvalidError, UnknownEndpointError } from '../errors.js';
import type { CallRequest } from '../model/call.js';
import type { EndpointKind } from '../model/rule.js';
import type { Operation } from './operation.js';
import type { Registry } from './registry.js';

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

function resolveResource(registry: Registry, request: CallRequest): Resolved | undefined {
  const byTemplate = request.arguments === undefined ? undefined : registry.find('resource', request.name);
  if (byTemplate) return { operation: byTemplate, raw: request.arguments };
  const match = registry.matchResource(request.name);
  if (!match) return undefined;
  const raw: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of match.variables) raw[name] = value;
  return { operation: match.operation, raw };
}

/**
 * Name → operation, and the raw arguments: for a resource, those in its URI (a template's own name is taken together with
 * explicit arguments). Throws `CALL_UNKNOWN_ENDPOINT`, or `CALL_ENDPOINT_INVALID` for one that `--ignore-errors` left out.
 */
export function resolve(registry: Registry, request: CallRequest): Resolved {
  const { kind, name } = request;
  if (registry.isBroken(kind, name))
    throw new EndpointInvalidError(`The ${kind} ${name} has errors and is not served`);
  if (kind === 'resource') {
    const found = resolveResource(registry, request);
    if (found) return found;
  } else {
    const operation = registry.find(kind, name);
    if (operation) return { operation, raw: request.arguments ?? {} };
  }
  throw unknownEndpoint(kind, name);
}
