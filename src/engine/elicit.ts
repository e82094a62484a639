import type { CallRequest, ClientChannel } from '../model/call.js';
import type { Endpoint } from '../model/endpoint.js';
import type { JsonObject } from '../model/json.js';
import type { Deadline } from './deadline.js';
import { openRounds } from './elicit-rounds.js';
import { readAnswer } from './elicit-form.js';
import { refuseState, stateLifetimeMs } from './elicit-state.js';
import { ElicitUnavailableError } from '../errors.js';
import { sha256 } from '../lib/sha256.js';
import type { Operation } from './operation.js';
import type { Runtime } from './runtime.js';

/**
 * What a body may send to the client of its call, with the right way of asking: in rounds, which end the run, where the
 * client repeats requests; waiting, with the deadline paused, where the transport can; else not at all.
 * Throws `ElicitStateError` for a state that does not belong to this call.
 */
export function callClient(
  { elicitStates, project }: Runtime,
  { caller, context, client, rounds }: CallRequest,
  { endpoint }: Operation,
  args: JsonObject,
  deadline: Deadline,
): ClientChannel | undefined {
  if (rounds !== undefined) {
    const binding = {
      caller: caller.key,
      clientId: caller.clientId,
      clientName: context.client?.name ?? null,
      project: project.digest,
      endpoint: `${endpoint.kind}/${endpoint.name}`,
      arguments: args,
    };
    const ask = openRounds(elicitStates, binding, rounds, readsOnly(endpoint));
    return { ...client, elicit: (question) => new Promise((resolve) => resolve(ask(question))) };
  }
  const wait = client?.elicit;
  if (wait === undefined) return client;
  return {
    ...client,
    elicit: async (question) => {
      const goOn = deadline.pause();
      try {
        const answer = readAnswer(question.schema, await wait(question));
        if (answer === undefined)
          throw new ElicitUnavailableError('The answer of the client does not fit the form');
        return answer;
      } finally {
        goOn();
      }
    },
  };
}

/**
 * Makes a state that has opened here useless at the other servers of the site, too. Throws `ElicitStateError` when one of
 * them was first.
 */
export async function spendState({ auth }: Runtime, { rounds }: CallRequest): Promise<void> {
  if (auth === undefined || rounds?.state === undefined) return;
  const bytes = Buffer.from(rounds.state, 'base64url'); // several texts may stand for the same bytes
  const id = `elicitation ${sha256(bytes.toString('base64url'))}`;
  if (!(await auth.once(id, Date.now() + stateLifetimeMs))) refuseState();
}

function readsOnly(endpoint: Endpoint): boolean {
  return endpoint.kind !== 'tool' || endpoint.annotations.readOnlyHint === true;
}

/**
 * For calls inside of a call: they can send, and cannot ask, because an answer belongs to one call. `withheld`: the texts of
 * the call above stay here, and so do those of what it calls, which knows what it was told.
 */
export function innerClient(client: ClientChannel | undefined, withheld: boolean): ClientChannel | undefined {
  if (client === undefined) return undefined;
  const { progress, log } = client;
  if (!withheld) return { ...(progress && { progress }), ...(log && { log }) };
  return { ...(progress && { progress: (done, total) => progress(done, total, undefined) }) };
}
