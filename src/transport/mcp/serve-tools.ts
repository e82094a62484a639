import type { Server } from '@modelcontextprotocol/server';
import { callTool } from './call-tool.js';
import { clientChannel, clientRounds } from './client-channel.js';
import { guardHandler } from './guard-handler.js';
import { asksInput, toInputRequired } from './input-required.js';
import { listTools } from './list-answers.js';
import { messageMeta } from './message-meta.js';
import type { Session } from './session.js';
import { toToolError, toToolResult } from './to-tool-result.js';

/** Answers `tools/list` and `tools/call` on a server of the SDK. */
export function serveTools(server: Server, session: Session): void {
  server.setRequestHandler('tools/list', ({ params }, context) =>
    guardHandler(session, () => {
      const { items, ...rest } = listTools(session, params?.cursor, messageMeta(context));
      return { tools: [...items], ...rest };
    }),
  );
  server.setRequestHandler('tools/call', ({ params }, context) =>
    guardHandler(session, async () => {
      const ended = await callTool(session, {
        name: params.name,
        arguments: params.arguments,
        meta: messageMeta(context),
        signal: context.mcpReq.signal,
        client: clientChannel(session, context),
        rounds: clientRounds(session, context),
      });
      if (ended.end === 'protocol-error') throw ended.error;
      if (ended.end === 'answer') return toToolResult(ended.answer);
      if (asksInput(ended.error)) return toInputRequired(ended.error, ended.callId);
      return toToolError(ended.error, ended.callId);
    }),
  );
}
