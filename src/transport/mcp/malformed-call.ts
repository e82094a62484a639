import { ProtocolError, type Result, type ServerContext } from '@modelcontextprotocol/server';
import type { EndpointKind } from '../../model/rule.js';
import type { ClientRounds } from '../../model/call.js';
import { rpcCodes } from '../present-error.js';
import { callTool } from './call-tool.js';
import { messageMeta } from './message-meta.js';
import { toProtocolError } from './protocol-errors.js';
import { isObject } from '../../lib/is-object.js';
import { runCall, type Wish } from './run-call.js';
import type { Session } from './session.js';
import { toToolError, toToolResult } from './to-tool-result.js';

/** What the methods that call an endpoint say in their `params`. */
const methods: ReadonlyMap<string, { readonly kind: EndpointKind; readonly member: 'name' | 'uri' }> =
  new Map([
    ['tools/call', { kind: 'tool', member: 'name' }],
    ['prompts/get', { kind: 'prompt', member: 'name' }],
    ['resources/read', { kind: 'resource', member: 'uri' }],
  ]);

/** A call in a form that the SDK would refuse in words of its own. */
interface Malformed {
  readonly kind: EndpointKind;
  readonly member: 'name' | 'uri';
  /** Undefined when it is missing or no text. */
  readonly name: string | undefined;
  readonly arguments: unknown;
  readonly rounds?: ClientRounds;
}

/** What a state is taken for that is no text: one that opens nowhere. */
const noState: ClientRounds = { state: '', answers: {} };

/** Recognises a call without a name, with arguments that are no object, or with a state (`ctx.elicit`) that is no text. */
export function readMalformed(
  method: string,
  params: Readonly<Record<string, unknown>> | undefined,
  state: unknown,
): Malformed | undefined {
  const target = methods.get(method);
  if (target === undefined) return undefined;
  const name = params?.[target.member];
  if (typeof name !== 'string') return { ...target, name: undefined, arguments: undefined };
  const args = target.kind === 'resource' ? undefined : params?.['arguments'];
  if (args === undefined || isObject(args)) {
    if (state === undefined || typeof state === 'string') return undefined;
    return { ...target, name, arguments: args, rounds: noState };
  }
  return { ...target, name, arguments: args === null ? [] : args };
}

/** Makes a malformed call all the same, so that it is counted, refused in our words and on record like any other. */
export async function answerMalformed(
  session: Session,
  { kind, member, name, arguments: args, rounds }: Malformed,
  context: ServerContext,
): Promise<Result> {
  const meta = messageMeta(context);
  const { signal } = context.mcpReq;
  const wish = { kind, name: name ?? '', arguments: args, meta, signal, rounds };
  if (kind === 'tool' && name !== undefined) return answerTool(session, wish);
  const ended = await runCall(session, session.runtime(), wish);
  if (ended.status === 'failed' && (name !== undefined || ended.error.code !== 'CALL_UNKNOWN_ENDPOINT')) {
    throw toProtocolError(kind, wish.name, ended);
  }
  throw new ProtocolError(rpcCodes.params, `Invalid params: "${member}" must be a string`, {
    code: 'CALL_INVALID_ARGUMENTS',
    call_id: ended.callId,
  });
}

async function answerTool(session: Session, wish: Wish): Promise<Result> {
  const ended = await callTool(session, wish);
  if (ended.end === 'protocol-error') throw ended.error;
  return ended.end === 'answer' ? toToolResult(ended.answer) : toToolError(ended.error, ended.callId);
}
