import type { CompleteRequest, Server } from '@modelcontextprotocol/server';
import { complete, type Completion } from '../../engine/complete.js';
import { guardHandler } from './guard-handler.js';
import { messageMeta } from './message-meta.js';
import { toProtocolError } from './protocol-errors.js';
import { settle } from './run-call.js';
import type { Session } from './session.js';

const nothing: Completion = { values: [], total: 0, hasMore: false };

type Reference = CompleteRequest['params']['ref'];

function target(ref: Reference): { readonly kind: 'prompt' | 'resource'; readonly name: string } {
  return ref.type === 'ref/prompt' ? { kind: 'prompt', name: ref.name } : { kind: 'resource', name: ref.uri };
}

/** Answers `completion/complete`: a call of its own kind, under the rules that hide, and recorded. */
export function serveCompletion(server: Server, session: Session): void {
  server.setRequestHandler('completion/complete', ({ params }, context) =>
    guardHandler(session, async () => {
      const wished = messageMeta(context);
      const request = session.context(wished);
      const asked = { ...target(params.ref), argument: params.argument.name, value: params.argument.value };
      const completing = complete(session.runtime(), { ...asked, caller: session.caller, context: request });
      const ended = await settle(
        session,
        request,
        completing.then(({ outcome }) => outcome),
      );
      if (ended.status === 'failed') throw toProtocolError(asked.kind, asked.name, ended);
      const { values, total, hasMore } = (await completing).completion ?? nothing;
      return { completion: { values: [...values], total, hasMore } };
    }),
  );
}
