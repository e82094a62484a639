import type { Caller } from '../model/caller.js';
import type { RequestContext } from '../model/call.js';
import type { EndpointKind } from '../model/rule.js';

/** Whom and what a condition is about, apart from arguments and result. */
export interface Subject {
  readonly caller: Caller;
  readonly request: RequestContext;
  readonly endpoint: { readonly kind: EndpointKind; readonly name: string; readonly tags: readonly string[] };
}
