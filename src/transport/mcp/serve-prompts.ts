import type { Server } from '@modelcontextprotocol/server';
import { clientChannel, clientRounds } from './client-channel.js';
import { guardHandler } from './guard-handler.js';
import { asksInput, toInputRequired } from './input-required.js';
import { listPrompts } from './list-answers.js';
import { messageMeta } from './message-meta.js';
import { toProtocolError, unknownEndpoint } from './protocol-errors.js';
import { runCall } from './run-call.js';
import type { Session } from './session.js';
import { toPromptResult } from './to-prompt-result.js';

/** Answers `prompts/list` and `prompts/get` on a server of the SDK. */
export function servePrompts(server: Server, session: Session): void {
  server.setRequestHandler('prompts/list', ({ params }, context) =>
    guardHandler(session, () => {
      const { items, ...rest } = listPrompts(session, params?.cursor, messageMeta(context));
      return { prompts: [...items], ...rest };
    }),
  );
  server.setRequestHandler('prompts/get', ({ params: { name, arguments: args } }, context) =>
    guardHandler(session, async () => {
      const runtime = session.runtime();
      const ended = await runCall(session, runtime, {
        kind: 'prompt',
        name,
        arguments: args,
        meta: messageMeta(context),
        signal: context.mcpReq.signal,
        client: clientChannel(session, context),
        rounds: clientRounds(session, context),
      });
      if (ended.status === 'failed') {
        if (asksInput(ended.error)) return toInputRequired(ended.error, ended.callId);
        throw toProtocolError('prompt', name, ended);
      }
      const endpoint = runtime.registry.find('prompt', name)?.endpoint;
      if (endpoint?.kind !== 'prompt') throw unknownEndpoint('prompt', name, ended.callId);
      return toPromptResult(ended, endpoint);
    }),
  );
}
