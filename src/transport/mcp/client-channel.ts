import type { ServerContext } from '@modelcontextprotocol/server';
import { ElicitUnavailableError } from '../../errors.js';
import type { ClientChannel, ClientRounds, ElicitQuestion } from '../../model/call.js';
import type { Json, JsonObject } from '../../model/json.js';
import { messageMeta, saysElicitation } from './message-meta.js';
import type { Session } from './session.js';

/** What is sent to a client that has gone is lost, as it should be: the call's own signal tells the rest. */
function unheard(): void {
  // nothing to do
}

/** Progress must grow with each message (MCP, "Progress"); what does not is dropped. */
function progressFor({ mcpReq }: ServerContext, progressToken: string | number): ClientChannel['progress'] {
  let last = -Infinity;
  return (done, total, message) => {
    if (!Number.isFinite(done) || done <= last) return;
    last = done;
    const params = {
      progressToken,
      progress: done,
      ...(total !== undefined && Number.isFinite(total) && { total }),
      ...(message !== undefined && { message }),
    };
    mcpReq.notify({ method: 'notifications/progress', params }).catch(unheard);
  };
}

/** Asks by a request of our own, as the older revisions do. The SDK refuses where the client cannot be asked. */
async function askWaiting({ mcpReq }: ServerContext, question: ElicitQuestion): Promise<Json> {
  const params = { mode: 'form', message: question.message, requestedSchema: question.schema };
  try {
    // The human has all the time that the client gives him; the call ends it when it is cancelled.
    const options = { signal: mcpReq.signal, timeout: waitMs };
    const { action, content } = await mcpReq.send({ method: 'elicitation/create', params }, options);
    return { action, ...(content && { content: content as JsonObject }) };
  } catch (cause) {
    throw new ElicitUnavailableError('The client could not be asked', { cause });
  }
}

/** The longest that a timer can wait. */
const waitMs = 2 ** 31 - 1;

/**
 * What a body may send to the client of one request before its answer, in both eras: progress when the request carries a
 * token, log messages at the level that the client asked for (spec page 09). On stdio, where the connection
 * stays, a client of the older revisions can also be asked.
 */
export function clientChannel(session: Session, context: ServerContext): ClientChannel {
  const { mcpReq } = context;
  const token = mcpReq._meta?.progressToken;
  const progress = token === undefined ? undefined : progressFor(context, token);
  return {
    ...(progress && { progress }),
    log: (level, data) => {
      mcpReq.log(level, data).catch(unheard);
    },
    ...(session.era === 'legacy' &&
      session.asks && {
        elicit: (question) => askWaiting(context, question),
      }),
  };
}

/** How a client of the modern era answers questions: by repeating its request, when it says that it can ask (SEP-2322). */
export function clientRounds({ era }: Session, context: ServerContext): ClientRounds | undefined {
  if (era !== 'modern' || !saysElicitation(messageMeta(context))) return undefined;
  const { mcpReq } = context;
  const state: unknown = mcpReq.requestState();
  const answers = (mcpReq.inputResponses ?? {}) as JsonObject;
  return { answers, ...(typeof state === 'string' && { state }) };
}
