import type { HttpAnswer } from '../../model/call.js';
import type { Json, JsonObject } from '../../model/json.js';
import type { UdfSignature } from '../../model/udf.js';

/** Values that a worker may send at once, lists and objects included: the server's thread stands still while it reads them. */
export const maxValues = 500_000;

/** What a body may know of the call that it serves; everything else it has to ask for. */
export interface CallFacts {
  readonly user: JsonObject;
  readonly request: JsonObject;
  readonly traceId: string | null;
  /** Present: what `ctx.fetch` gets instead of the network. */
  readonly http?: readonly HttpAnswer[];
  /** Bytes of JSON that a result may have on its way to the server; of a list, each of its items. */
  readonly maxBytes: number;
}

/** Messages from the server to a worker. `call` numbers the calls of one worker, 0 is no call; `ask` the questions of one call. */
export type ToWorker =
  | {
      readonly type: 'load';
      readonly module: number;
      readonly url: string;
      readonly names: readonly string[];
    }
  | {
      readonly type: 'plugin';
      readonly module: number;
      readonly url: string;
      readonly name: string;
      readonly config: Json;
    }
  | { readonly type: 'hooks'; readonly module: number; readonly url: string }
  | { readonly type: 'shutdown' }
  /** Rows for a function of a plugin; the answer is a `UdfAnswer`. */
  | {
      readonly type: 'udf';
      readonly id: number;
      readonly module: number;
      readonly method: string;
      readonly rows: readonly (readonly Json[])[];
    }
  | { readonly type: 'config'; readonly settings: JsonObject }
  | {
      readonly type: 'run';
      readonly call: number;
      readonly module: number;
      readonly args: JsonObject;
      readonly facts: CallFacts;
    }
  | { readonly type: 'abort'; readonly call: number; readonly reason: string }
  | { readonly type: 'answer'; readonly call: number; readonly ask: number; readonly value: Json }
  | {
      readonly type: 'refusal';
      readonly call: number;
      readonly ask: number;
      readonly code: string;
      readonly message: string;
    };

/**
 * What a body can ask for, and waits for. `rows` is asked when it has returned: a lot of its list is here, is more of it wanted?
 */
export type AskOperation = 'query' | 'execute' | 'secret' | 'token' | 'elicit' | 'call' | 'rows';

/** What a body can tell, without an answer. */
export type TellOperation = 'log' | 'progress' | 'event' | 'fetch' | 'fetched';

/** Messages from a worker. The server takes none of them for granted: see `read-message.ts`. */
export type FromWorker =
  | {
      readonly type: 'loaded';
      readonly module: number;
      readonly failure: LoadFailure | null;
      /** Of a plugin: its functions in SQL. */
      readonly functions: readonly UdfMethod[];
    }
  | {
      readonly type: 'ask';
      readonly call: number;
      readonly ask: number;
      readonly operation: AskOperation;
      readonly input: JsonObject;
    }
  | {
      readonly type: 'tell';
      readonly call: number;
      readonly operation: TellOperation;
      readonly input: JsonObject;
    }
  | { readonly type: 'done'; readonly call: number; readonly result: WorkerResult; readonly busy: boolean }
  | { readonly type: 'failed'; readonly call: number; readonly failure: BodyFailure; readonly busy: boolean }
  | { readonly type: 'fatal'; readonly failure: BodyFailure };

/** A method of a plugin that SQL can call. */
export interface UdfMethod extends UdfSignature {
  readonly method: string;
}

/** What a worker answers to `udf`, always with `type` first: that is how it is told from other messages. */
export type UdfAnswer =
  | { readonly type: 'udf'; readonly id: number; readonly values: readonly Json[] }
  | { readonly type: 'udf'; readonly id: number; readonly failure: string };

/** Why a module cannot be a body. */
export interface LoadFailure {
  readonly reason: 'threw' | 'no-callable';
  readonly message: string;
  readonly stack: string;
}

/** What a body returned. */
export type WorkerResult =
  /** Of a list, what comes after the lots that were asked about. `cut`: the next item of it does not fit into `maxBytes`. */
  | { readonly form: 'value'; readonly value: Json; readonly cut: boolean }
  | { readonly form: 'blob'; readonly value: Json }
  | { readonly form: 'content'; readonly value: readonly Json[] };

/**
 * How a body failed. `tool`: on purpose, with a message for the caller. `relayed`: with the refusal of question `ask`.
 * `result`: it returned what JSON cannot say. `limit`: more than `maxBytes`. `error`: anything else.
 */
export interface BodyFailure {
  readonly kind: 'tool' | 'relayed' | 'result' | 'limit' | 'error';
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly ask: number | null;
}
