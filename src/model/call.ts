import type { StopSignal } from '../lib/stop-signal.js';
import type { Caller } from './caller.js';
import type { Json, JsonObject } from './json.js';
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
  /** What the caller narrowed the request to: of each list of tags, an endpoint has at least one. Absent: not narrowed. */
  readonly tagFilter?: readonly (readonly string[])[];
  readonly userAgent?: string;
  readonly client?: { readonly name: string; readonly version: string };
  readonly sessionId?: string;
  /** W3C trace id, 32 hex digits. */
  readonly traceId?: string;
}

export type ClientLogLevel = 'debug' | 'info' | 'warning' | 'error';

/** A question of a body to the human behind the client (spec page 08, "Elicitation"). */
export interface ElicitQuestion {
  /** Names the question within its call. */
  readonly key: string;
  readonly schema: JsonObject;
  readonly message: string;
  /** What the body asks, where the client is not told: an answer holds for this alone. Never sent. */
  readonly withheld?: JsonObject;
}

/** What a transport can send to the client, or ask it, before the answer. Sending never throws and never waits. */
export interface ClientChannel {
  readonly progress?: (done: number, total: number | undefined, message: string | undefined) => void;
  readonly log?: (level: ClientLogLevel, data: Json) => void;
  /**
   * Resolves with the answer `{action, content?}`. A rejection with `ElicitUnavailableError` is told to the body; any other
   * one ends the call with that error, whatever the body does.
   */
  readonly elicit?: (question: ElicitQuestion) => Promise<Json>;
}

/** What a client sends that answers questions by repeating its request (MCP 2026-07-28, input-required round trips). */
export interface ClientRounds {
  /** The state of the round before, as the client gave it back. Nothing in it is to be trusted. */
  readonly state?: string;
  /** By the keys of the questions; as they came. */
  readonly answers: JsonObject;
}

/** What `ctx.fetch` of a body gets instead of the network, in a test (spec page 10). */
export interface HttpAnswer {
  /** The whole URL, as the body asks for it. */
  readonly url: string;
  readonly method: string;
  readonly status: number;
  /** A text is the body as it is, anything else its JSON. */
  readonly response: Json;
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
  readonly signal?: StopSignal;
  /** Absent: nobody listens before the answer. */
  readonly client?: ClientChannel;
  /** Absent: the client cannot be asked by ending the call. */
  readonly rounds?: ClientRounds;
  /** Present: bodies reach no network, only these answers (`mxcp test`). */
  readonly http?: readonly HttpAnswer[];
}
