import type { Condition } from './cel/compile-condition.js';
import type { Frame } from './cel/frame.js';
import { explain } from './cel/not-evaluable.js';
import type { Verdict } from './decision.js';

const yes: Verdict = { matched: true };
const no: Verdict = { matched: false };

/** Evaluates a condition, an absent one as true. Never throws: whatever goes wrong is "not evaluable". */
export function evaluate(condition: Condition | undefined, frame: Frame): Verdict {
  if (!condition) return yes;
  try {
    return condition.evaluate(frame) ? yes : no;
  } catch (error) {
    return { matched: 'not-evaluable', error: explain(error) };
  }
}
