import type { StopSignal } from '../lib/stop-signal.js';
import type { Json, JsonObject } from '../model/json.js';
import type { Caller } from '../model/caller.js';
import type { ClientChannel, HttpAnswer, RequestContext } from '../model/call.js';
import type { ContentBlock } from '../model/content.js';
import type { CallTree, CallWithin } from './call-tree.js';

/** What an executor is told about the call that it serves. */
export interface ExecuteCall {
  readonly caller: Caller;
  readonly request: RequestContext;
  /** Looks up the caller's own token at the provider, where bodies may have it. Secret. */
  readonly externalToken?: () => Promise<string | undefined>;
  /** Aborts with the error that the call then fails with. */
  readonly signal: StopSignal;
  /** Keeps a row of the result; rows that it refuses are dropped while they stream. Throws to fail the call. */
  readonly keepRow?: (row: Json) => boolean;
  readonly callId: string;
  readonly client?: ClientChannel;
  /** Present: bodies reach no network, only these answers. */
  readonly http?: readonly HttpAnswer[];
  /** Present for a call from inside of a body: it runs where that body runs. */
  readonly tree?: CallTree;
  /** A call above may be denied after this one has run: it may do nothing that a rollback does not undo. */
  readonly undoable?: boolean;
  readonly callWithin: CallWithin;
  /** Hears of work that may go on after the call has failed: until it settles, the call's places are not free. */
  readonly outlives: (work: Promise<unknown>) => void;
  /** Takes a line for the record of this call. */
  readonly noteEvent: (event: Json) => void;
  readonly noteBusiness: (event: JsonObject) => void;
}

/** What a body gave, before any check or rule, and the say over what it did. */
export interface Produced {
  readonly response: Json;
  /** Blocks that a body made instead of a value; `response` is then null. */
  readonly content?: readonly ContentBlock[];
  /** True when the response is the base64 text of a single BLOB value. */
  readonly blob: boolean;
  /** True when `on_limit: truncate` cut it. */
  readonly truncated: boolean;
  /** Ends the transaction of a body that wrote: COMMIT or ROLLBACK. Called exactly once, for bodies that only read too. */
  readonly settle: (commit: boolean) => Promise<void>;
}

/** Runs the body of one endpoint with canonical arguments. */
export interface Executor {
  /**
   * The intent of a call is recorded before the body runs: it can have an effect before the answer leaves, or it runs SQL
   * that the caller wrote, which must be on record whatever becomes of the process.
   */
  readonly recordsIntent: boolean;
  readonly execute: (args: JsonObject, call: ExecuteCall) => Promise<Produced>;
}
