import type { Caller } from './caller.js';
import type { EndpointKind } from './rule.js';

export type Transport = 'http' | 'stdio' | 'cli' | 'api';

/** What is known about the request around a call. Header names are lower-case and credentials are already absent. */
export interface RequestContext {
  readonly transport: Transport;
  /** Id of this request, for correlation. */
  readonly id: string;
  /** Start of the call, microseconds since the Unix epoch. */
  readonly time: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly ip?: string;
  readonly userAgent?: string;
  readonly client?: { readonly name: string; readonly version: string };
  readonly sessionId?: string;
  /** W3C trace id, 32 hex digits. */
  readonly traceId?: string;
}

/** One wish of a caller, in the product's own terms: the only thing that `call` accepts (spec page 01, step 2). */
export interface CallRequest {
  readonly kind: EndpointKind;
  /** Name of a tool or prompt; of a resource, the concrete URI. */
  readonly name: string;
  /** Raw arguments, as they came. Of a resource: absent, they are in the URI, unless the template's URI is the name. */
  readonly arguments: unknown;
  readonly caller: Caller;
  readonly context: RequestContext;
  /** Aborted when the client cancels or disconnects. */
  readonly signal?: AbortSignal;
}
