import { limitError, RowBudget, type RowBounds } from '../execute/row-budget.js';
import { jsonBytes } from '../execute/value-size.js';
import { throwIfStopped, type StopSignal } from '../lib/stop-signal.js';
import { takeTurns } from '../lib/take-turns.js';
import type { Json } from '../model/json.js';

/** Holds what a body returns to the limits that SQL rows are held to, while it comes. For one run. */
export interface ResultLimit {
  /** Takes a lot of a list; false when the list ends in it (`on_limit: truncate`). Rejects as `RowBudget` throws. */
  readonly take: (items: readonly Json[]) => Promise<boolean>;
  /**
   * The whole of a result whose last lot this is, or that is no list. `cut`: after it comes an item that is too large to
   * travel. Rejects as `take` does.
   */
  readonly end: (value: Json, cut: boolean) => Promise<{ readonly value: Json; readonly truncated: boolean }>;
  /** Takes what is never cut. Throws above `max_bytes`. */
  readonly whole: (value: Json) => void;
}

function isLong(value: Json, maxBytes: number): boolean {
  return typeof value === 'string' && value.length * 3 > maxBytes && Buffer.byteLength(value) > maxBytes;
}

/** A row with such a text ends a result of SQL, too, whether or not a rule would drop it. */
function hasLongText(item: Json, maxBytes: number): boolean {
  if (typeof item !== 'object' || item === null) return isLong(item, maxBytes);
  return Object.values(item).some((value: Json) => isLong(value, maxBytes));
}

/** Begins to hold one result to its bounds. `signal` stops it also between two items that a rule is asked about. */
export function limitResult(bounds: RowBounds<Json>, signal: StopSignal): ResultLimit {
  const budget = new RowBudget(bounds, jsonBytes);
  const { maxBytes } = bounds.limits;
  const takeItem = (item: Json): boolean => {
    budget.scan();
    return hasLongText(item, maxBytes) ? budget.refuse() : budget.add(item);
  };
  const whole = (value: Json): void => {
    if (jsonBytes(value) > maxBytes) throw limitError('max_bytes');
  };
  const takeAll = async (items: readonly Json[]): Promise<boolean> => {
    const othersTurn = bounds.keepRow && takeTurns();
    for (const item of items) {
      if (!takeItem(item)) return false;
      const turn = othersTurn?.();
      if (turn === undefined) continue;
      await turn;
      throwIfStopped(signal);
    }
    return true;
  };
  // One after the other, and none after a refusal, however a worker hurries.
  let last = Promise.resolve(true);
  const take = (items: readonly Json[]): Promise<boolean> =>
    (last = last.then((open) => open && takeAll(items)));
  return {
    take,
    end: async (value, cut) => {
      if (Array.isArray(value)) {
        if ((await take(value as readonly Json[])) && cut) budget.refuse();
        return { value: budget.rows, truncated: budget.truncated };
      }
      whole(value);
      return { value, truncated: false };
    },
    whole,
  };
}
