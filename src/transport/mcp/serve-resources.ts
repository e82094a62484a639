import type { Server } from '@modelcontextprotocol/server';
import { clientChannel, clientRounds } from './client-channel.js';
import { guardHandler } from './guard-handler.js';
import { asksInput, toInputRequired } from './input-required.js';
import { listResources, listTemplates } from './list-answers.js';
import { messageMeta } from './message-meta.js';
import { toProtocolError, unknownEndpoint } from './protocol-errors.js';
import { runCall } from './run-call.js';
import type { Session } from './session.js';
import { toResourceContents } from './to-resource-contents.js';

/** Answers the three methods of resources on a server of the SDK. */
export function serveResources(server: Server, session: Session): void {
  server.setRequestHandler('resources/list', ({ params }, context) =>
    guardHandler(session, () => {
      const { items, ...rest } = listResources(session, params?.cursor, messageMeta(context));
      return { resources: [...items], ...rest };
    }),
  );
  server.setRequestHandler('resources/templates/list', ({ params }, context) =>
    guardHandler(session, () => {
      const { items, ...rest } = listTemplates(session, params?.cursor, messageMeta(context));
      return { resourceTemplates: [...items], ...rest };
    }),
  );
  server.setRequestHandler('resources/read', ({ params: { uri } }, context) =>
    guardHandler(session, async () => {
      const runtime = session.runtime();
      const ended = await runCall(session, runtime, {
        kind: 'resource',
        name: uri,
        arguments: undefined,
        meta: messageMeta(context),
        signal: context.mcpReq.signal,
        client: clientChannel(session, context),
        rounds: clientRounds(session, context),
      });
      if (ended.status === 'failed') {
        if (asksInput(ended.error)) return toInputRequired(ended.error, ended.callId);
        throw toProtocolError('resource', uri, ended);
      }
      const { endpoint } = ended;
      if (endpoint?.kind !== 'resource') throw unknownEndpoint('resource', uri, ended.callId);
      return toResourceContents(ended, uri, endpoint);
    }),
  );
}
