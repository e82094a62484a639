import { type JSONRPCRequest, type Result, Server, type ServerContext } from '@modelcontextprotocol/server';
import { guardHandler } from './guard-handler.js';
import { answerMalformed, readMalformed } from './malformed-call.js';
import type { Session } from './session.js';

type Handler = (request: JSONRPCRequest, context: ServerContext) => Promise<Result>;

/**
 * The SDK's server, which checks the form of a call before a handler sees it, and then answers with the text of its schema
 * library and no record. Here such a call is a call that failed.
 */
export class CheckedServer extends Server {
  readonly #session: Session;

  constructor(session: Session, ...rest: ConstructorParameters<typeof Server>) {
    super(...rest);
    this.#session = session;
  }

  protected override _wrapHandler(method: string, handler: Handler): Handler {
    const checked = super._wrapHandler(method, handler);
    return async (request, context) => {
      const malformed = readMalformed(method, request.params, context.mcpReq.requestState());
      if (malformed === undefined) return checked(request, context);
      return guardHandler(this.#session, () => answerMalformed(this.#session, malformed, context));
    };
  }
}
