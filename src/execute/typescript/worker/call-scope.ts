import type { Json, JsonObject } from '../../../model/json.js';
import type { AskOperation, FromWorker, TellOperation } from '../protocol.js';

/** One call in a worker, as long as it lasts: what its `ctx` speaks through. */
export interface CallScope {
  readonly signal: AbortSignal;
  /** Asks the server; rejects with its refusal. */
  readonly ask: (operation: AskOperation, input: JsonObject) => Promise<Json>;
  readonly tell: (operation: TellOperation, input: JsonObject) => void;
  /** The question whose refusal this error is. */
  readonly refusedAsk: (error: unknown) => number | null;
  readonly answer: (ask: number, value: Json) => void;
  readonly refuse: (ask: number, code: string, message: string) => void;
  readonly abort: (reason: string) => void;
  /**
   * Throws `Error` while something that the body asked has no answer: it forgot to await it, and would miss that it fails.
   * Calls of other endpoints are waited for by the server, and share the fate of this one.
   */
  readonly refuseUnanswered: () => void;
  /** From here on the call's `ctx` does nothing any more. */
  readonly close: () => void;
}

interface Waiting {
  readonly operation: AskOperation;
  readonly resolve: (reply: Reply) => void;
}

const askedBy: Readonly<Record<Exclude<AskOperation, 'call'>, string>> = {
  query: 'ctx.db.query',
  execute: 'ctx.db.execute',
  secret: 'ctx.secrets.get',
  token: 'ctx.user.externalToken',
  elicit: 'ctx.elicit',
  rows: 'its rows',
};

type Reply = { readonly value: Json } | { readonly code: string; readonly message: string };

/** A signal that is made when somebody looks at it: with the error of its abort it is a fifth of the work of a small call. */
function lateSignal(): { readonly get: () => AbortSignal; readonly abort: (reason: string) => void } {
  let controller: AbortController | undefined;
  let aborted: string | undefined;
  const abortNow = (reason: string): void => controller?.abort(new DOMException(reason, 'AbortError'));
  return {
    get: () => {
      if (controller === undefined) {
        controller = new AbortController();
        if (aborted !== undefined) abortNow(aborted);
      }
      return controller.signal;
    },
    abort: (reason) => {
      aborted ??= reason;
      abortNow(aborted);
    },
  };
}

/** Opens the scope of a call. */
export function openScope(call: number, send: (message: FromWorker) => void): CallScope {
  const signal = lateSignal();
  const waiting = new Map<number, Waiting>();
  const refusals = new WeakMap<object, number>();
  let asks = 0;
  let open = true;
  const reply = (ask: number, what: Reply): void => {
    waiting.get(ask)?.resolve(what);
    waiting.delete(ask);
  };
  return {
    get signal() {
      return signal.get();
    },
    ask: async (operation, input) => {
      if (!open) throw new Error('The call has ended; its ctx cannot be used any more');
      const ask = ++asks;
      send({ type: 'ask', call, ask, operation, input });
      const replied = await new Promise<Reply>((resolve) => waiting.set(ask, { operation, resolve }));
      if ('value' in replied) return replied.value;
      // Made here and not where it arrives: so its stack leads to the author's line.
      const error = Object.assign(new Error(replied.message), { code: replied.code });
      refusals.set(error, ask);
      throw error;
    },
    tell: (operation, input) => {
      if (open) send({ type: 'tell', call, operation, input });
    },
    refusedAsk: (error) =>
      typeof error === 'object' && error !== null ? (refusals.get(error) ?? null) : null,
    answer: (ask, value) => reply(ask, { value }),
    refuse: (ask, code, message) => reply(ask, { code, message }),
    abort: signal.abort,
    refuseUnanswered: () => {
      for (const { operation } of waiting.values())
        if (operation !== 'call')
          throw new Error(`The body ended before ${askedBy[operation]} was answered: await it`);
    },
    close: () => {
      open = false;
      signal.abort('The call has ended');
      waiting.clear();
    },
  };
}
