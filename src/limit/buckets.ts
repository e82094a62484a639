import type { Rate } from '../model/auth-settings.js';
import type { RateState } from '../model/outcome.js';

/** One token from the bucket that `key` names, which fills by `rate`. */
export interface Charge {
  readonly key: string;
  readonly rate: Rate;
}

/** What a set of buckets says; `state` is of the tightest one. */
export type Taken =
  | { readonly granted: true; readonly state: RateState }
  | {
      readonly granted: false;
      readonly state: RateState;
      readonly retryAfterSeconds: number;
      /** Of the bucket that is longest without a token. */
      readonly key: string;
    };

/** Token buckets by key (spec page 06, "Limits against abuse"). Never rejects. */
export interface Buckets {
  /** Takes one token from every bucket, or none from any when one is empty. At least one charge. */
  take(charges: readonly Charge[]): Taken | Promise<Taken>;
  close(): Promise<void>;
}

/** What is left in one bucket. */
export interface Level extends Charge {
  readonly tokens: number;
}

function stateOf({ rate, tokens }: Level): RateState {
  return {
    limit: Math.floor(rate.burst),
    remaining: Math.max(0, Math.floor(tokens)),
    resetSeconds: Math.ceil(((rate.burst - tokens) / rate.perMinute) * 60),
  };
}

/** Seconds until there is a whole token. */
function waitOf({ rate, tokens }: Level): number {
  return Math.max(1, Math.ceil(((1 - tokens) / rate.perMinute) * 60));
}

/** The answer from the levels of all buckets before the tokens are taken; granted when each has one. */
export function decide(levels: readonly Level[]): Taken {
  const empty = levels.filter(({ tokens }) => tokens < 1);
  if (empty.length > 0) {
    const slowest = empty.reduce((a, b) => (waitOf(b) > waitOf(a) ? b : a));
    const { key } = slowest;
    return { granted: false, state: stateOf(slowest), retryAfterSeconds: waitOf(slowest), key };
  }
  const left = levels.map((level) => ({ ...level, tokens: level.tokens - 1 }));
  return { granted: true, state: stateOf(left.reduce((a, b) => (b.tokens < a.tokens ? b : a))) };
}
