import { ProtocolError } from '@modelcontextprotocol/server';
import type { EndpointKind } from '../../model/rule.js';
import { presentError, rpcCodes } from '../present-error.js';
import type { Failed } from './run-call.js';

/** Longest part of a caller's own text that an error repeats. */
const maxEcho = 200;

/** JSON-RPC code of a resource that does not exist; the SDK gives modern clients -32602 instead, as that revision asks. */
const resourceNotFound = -32002;

/** Name or URI as an error may repeat it. */
function echo(name: string): string {
  return name.length > maxEcho ? `${name.slice(0, maxEcho)}…` : name;
}

/** What is answered when no endpoint of this name exists for this caller; the same for one that he may not see. */
export function unknownEndpoint(kind: EndpointKind, name: string, callId: string): ProtocolError {
  if (kind === 'resource') {
    // Clients know a missing resource by data that has this one key.
    return new ProtocolError(resourceNotFound, `Resource not found (call ${callId})`, { uri: echo(name) });
  }
  const data = { code: 'CALL_UNKNOWN_ENDPOINT', call_id: callId };
  return new ProtocolError(rpcCodes.params, `Unknown ${kind}: ${echo(name)}`, data);
}

/** A failed call as a protocol error. */
export function toProtocolError(kind: EndpointKind, name: string, { error, callId }: Failed): ProtocolError {
  if (error.code === 'CALL_UNKNOWN_ENDPOINT') return unknownEndpoint(kind, name, callId);
  const { text, rpcCode, meta } = presentError(error, callId);
  return new ProtocolError(rpcCode, text, meta);
}

/** A cursor that no list answer of this server has given. */
export function invalidCursor(): ProtocolError {
  return new ProtocolError(rpcCodes.params, 'Invalid cursor');
}
