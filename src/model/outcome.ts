import type { MxcpError } from '../errors.js';
import type { Json } from './json.js';
import type { ContentBlock } from './content.js';
import type { Endpoint, PromptRole } from './endpoint.js';

/** What one rule did in one call, for records, `--explain` and tests. */
export interface RuleTrace {
  readonly id: string;
  readonly hash: string;
  readonly action: string;
  readonly shadow: boolean;
  readonly matched: boolean | 'not-evaluable';
  /** Number of values removed, masked or dropped. */
  readonly changed: number;
  /** Why it could not be evaluated. Never contains a value. */
  readonly error?: string;
}

/** `warn`: the output was changed by a rule. `n/a`: the call ended before any rule was asked, or there is none. */
export type PolicyDecision = 'allow' | 'deny' | 'warn' | 'n/a';

export interface PolicyReport {
  readonly decision: PolicyDecision;
  /** The rule that decided a denial. */
  readonly rule?: string;
  readonly ruleHash?: string;
  readonly reason?: string;
  readonly traces: readonly RuleTrace[];
}

/** A rendered prompt message. */
export interface RenderedMessage {
  readonly role: PromptRole;
  readonly text: string;
  /** Instead of `text`, which is then empty: an image, a recording, a resource. */
  readonly block?: ContentBlock;
}

/**
 * What leaves, after all rules. `json` is the value's JSON text, serialised once for everyone who needs it. `blob`: base64
 * of a resource's single BLOB value. `content`: blocks that a TypeScript body made instead of a value.
 */
export type Released =
  | { readonly form: 'value'; readonly value: Json; readonly json: string; readonly truncated: boolean }
  | { readonly form: 'blob'; readonly base64: string }
  | { readonly form: 'content'; readonly blocks: readonly ContentBlock[] }
  | { readonly form: 'messages'; readonly messages: readonly RenderedMessage[] };

/** How much of the tightest of the limits on a call is left. Integers; tokens and seconds. */
export interface RateState {
  readonly limit: number;
  readonly remaining: number;
  /** Until the whole limit is there again. */
  readonly resetSeconds: number;
}

interface OutcomeBase {
  /** UUID of this call; in the answer, the log and the audit record. */
  readonly callId: string;
  readonly durationMs: number;
  readonly policy: PolicyReport;
  /** Absent where no limit applies. */
  readonly rate?: RateState;
}

/** How a call ended: the only thing that transports and audit see of it. */
export type Outcome =
  | (OutcomeBase & {
      readonly status: 'success';
      readonly released: Released;
      /** The endpoint that answered, which of several that a URI matches; absent for the operator's own SQL. */
      readonly endpoint?: Endpoint;
    })
  | (OutcomeBase & { readonly status: 'denied' | 'error'; readonly error: MxcpError });
