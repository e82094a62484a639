import type { ServerContext } from '@modelcontextprotocol/server';
import type { ClientChannel } from '../../model/call.js';

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

/**
 * What a body may send to the client of one request before its answer, in both eras: progress when the request carries a
 * token, log messages at the level that the client asked for (spec page 09).
 */
export function clientChannel(context: ServerContext): ClientChannel {
  const { mcpReq } = context;
  const token = mcpReq._meta?.progressToken;
  const progress = token === undefined ? undefined : progressFor(context, token);
  return {
    ...(progress && { progress }),
    log: (level, data) => {
      mcpReq.log(level, data).catch(unheard);
    },
  };
}
