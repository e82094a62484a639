import type { FastifyReply } from 'fastify';
import { isListed } from '../../engine/listing.js';
import type { MxcpError } from '../../errors.js';
import type { StopSignal } from '../../lib/stop-signal.js';
import type { Json } from '../../model/json.js';
import { callTool } from '../mcp/call-tool.js';
import { saysElicitation } from '../mcp/message-meta.js';
import type { BaseSession } from '../mcp/session.js';
import { idOf } from '../message-id.js';
import type { RawHeaders } from '../request-headers.js';
import { mismatchingHeader } from './check-headers.js';
import { classify } from './classify.js';
import { type DirectCall, readDirectCall } from './direct-call.js';
import { sendFailure, sendRpcError } from './rpc-answer.js';
import type { SdkBridge } from './sdk-bridge.js';
import { sendMessage } from './send-message.js';
import { writeDirect } from './write-direct.js';

/** An admitted request whose body has been read. */
export interface Admitted {
  readonly session: BaseSession;
  readonly body: Json;
  readonly headers: RawHeaders;
  /** Aborts when the client goes away, or when the server stops. */
  readonly signal: StopSignal;
  /** Where clients learn how to get a token. */
  readonly metadataUrl?: string | undefined;
}

/** JSON-RPC code of MCP for headers that differ from the body. */
const headerMismatch = -32020;

async function answerDirect(
  call: DirectCall,
  { session, signal, metadataUrl }: Admitted,
  reply: FastifyReply,
): Promise<FastifyReply> {
  let refusal: { error: MxcpError; callId: string } | undefined;
  const info = session.runtime().project.server;
  const refuse = (error: MxcpError, callId: string): void => {
    refusal = { error, callId };
  };
  const { name, arguments: args, meta, era } = call;
  const ended = await callTool({ ...session, era, refuse }, { name, arguments: args, meta, signal });
  if (refusal) return sendFailure(reply, refusal.error, refusal.callId, { id: call.id, metadataUrl });
  return sendMessage(reply, era, writeDirect(call, ended, info));
}

/**
 * A TypeScript body may need more than the answer: a client of the older eras asks for log messages once for all requests,
 * and one of the modern era may be asked something when it says that it can.
 */
function mayTalk({ runtime, caller, context }: BaseSession, { era, name, meta }: DirectCall): boolean {
  const operation = runtime().registry.find('tool', name);
  if (operation?.endpoint.body?.language !== 'typescript') return false;
  if (!isListed(runtime(), caller, context(meta), operation)) return false; // answered like a name that does not exist
  return era === 'legacy' || saysElicitation(meta);
}

/**
 * Answers an admitted message: by the direct path where it is sure of the answer, else through the SDK. The SDK decides
 * which era a message belongs to, for both. `direct: false` sends everything through the SDK.
 */
export async function dispatch(
  admitted: Admitted,
  reply: FastifyReply,
  bridge: SdkBridge,
  direct: boolean,
): Promise<FastifyReply> {
  const { session, body, headers } = admitted;
  const route = classify(body, headers);
  if (route.kind !== 'reject') {
    const header = mismatchingHeader(session, body, headers, route.kind);
    if (header !== undefined) {
      const message = `Bad Request: the header ${header} and the body disagree`;
      return sendRpcError(reply, 400, { code: headerMismatch, message }, idOf(body));
    }
  }
  const call = direct ? readDirectCall(body, headers, route) : undefined;
  return call && !mayTalk(session, call)
    ? answerDirect(call, admitted, reply)
    : bridge.serve(admitted, reply);
}
