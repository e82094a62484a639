import { BodyFailedError, InputRequiredError } from '../errors.js';
import { canonicalJson } from '../lib/canonical-json.js';
import { sha256 } from '../lib/sha256.js';
import type { ClientRounds, ElicitQuestion } from '../model/call.js';
import type { Json } from '../model/json.js';
import { readAnswer } from './elicit-form.js';
import type { Asked, ElicitStates, StateBinding } from './elicit-state.js';

/** Questions that one call may ask. */
const maxQuestions = 20;

type Answered = Asked & { readonly answer: Json };

function answersBefore(
  states: ElicitStates,
  binding: StateBinding,
  rounds: ClientRounds,
): readonly Answered[] {
  if (rounds.state === undefined) return [];
  const { asked, answers } = states.open(binding, rounds.state);
  // Only what was asked is taken: an answer to a question that the body has not reached is nobody's.
  if (!Object.hasOwn(rounds.answers, asked.key)) return answers;
  return [...answers, { ...asked, answer: rounds.answers[asked.key] ?? null }];
}

/**
 * How a call asks when its client repeats the request with the answer (spec page 08, "Elicitation"): a question that was
 * answered in an earlier round resolves, any other ends this run with `INPUT_REQUIRED`. An answer holds for the words
 * that the human saw: when the body now asks something else under the same key, it asks again. Where the body only reads,
 * an answer also counts without a state, as MCP has it for clients that keep none: nothing can happen by a stale one.
 * Throws `ElicitStateError` for a state that does not belong to this call.
 */
export function openRounds(
  states: ElicitStates,
  binding: StateBinding,
  rounds: ClientRounds,
  readOnly = false,
): (question: ElicitQuestion) => Json {
  const known = new Map(answersBefore(states, binding, rounds).map((each) => [each.key, each]));
  const used = new Map<string, Answered>();
  const stateless = readOnly && rounds.state === undefined ? rounds.answers : {};
  return ({ key, schema, message, withheld }) => {
    const shown = sha256(canonicalJson(withheld ?? { schema, message }));
    const before = known.get(key);
    const unbound = Object.hasOwn(stateless, key) ? stateless[key] : undefined;
    const answer = readAnswer(schema, before?.shown === shown ? before.answer : (unbound ?? null));
    if (answer !== undefined) {
      used.set(key, { key, shown, answer });
      return answer;
    }
    if (used.size >= maxQuestions)
      throw new BodyFailedError(`A call may ask at most ${maxQuestions} questions`);
    const sealed = states.seal(binding, { asked: { key, shown }, answers: [...used.values()] });
    throw new InputRequiredError({ key, schema, message }, sealed);
  };
}
